using System.Collections.Immutable;
using System.Net;
using Godwit.Api;
using Godwit.Daemon.Config;
using Godwit.Daemon.Http;
using Godwit.Daemon.Registry;
using Godwit.Domains;
using Godwit.Pool;
using Godwit.Pool.Restoration;

namespace Godwit.Daemon.Endpoints;

/// <summary>The registry for the hosts that do not have it themselves; the other side of <see cref="RemoteRegistry"/>.</summary>
internal static class RegistryEndpoints
{
    public static void MapRegistry(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("").For(AccessRule.Hosts).AddEndpointFilter(RequireRoleAsync);

        group.MapGet(ApiRoutes.RegistryDomains, Task<ImmutableArray<DomainRecord>> (IRegistry registry, CancellationToken cancellationToken) =>
                registry.ListAsync(cancellationToken))
            .Says("ListDomainRecords", "All records of domains");

        group.MapGet(ApiRoutes.RegistryDomain, async Task<DomainRecord> (string name, IRegistry registry, CancellationToken cancellationToken) =>
                await registry.FindAsync(name, cancellationToken)
                ?? throw new RefusedException(HttpStatusCode.NotFound, RemoteRegistry.NoSuchRecord, $"The registry has no domain {name}."))
            .Says("GetDomainRecord", "The record of a domain");

        group.MapPut(ApiRoutes.RegistryDomain, Task<CompareAndSetResult> (string name, CompareAndSetRequest request, IRegistry registry, CancellationToken cancellationToken) =>
            {
                SameName(name, request.Next.Name);
                return registry.CompareAndSetAsync(request.Next, request.ExpectedRevision, request.DrawEpoch, cancellationToken);
            })
            .Says("SetDomainRecord", "Write a record if it still has the expected revision");

        group.MapDelete(ApiRoutes.RegistryDomain, Task<CompareAndSetResult> (string name, long expectedRevision, IRegistry registry, CancellationToken cancellationToken) =>
                registry.RemoveAsync(name, expectedRevision, cancellationToken))
            .Says("RemoveDomainRecord", "Remove a record if it still has the expected revision");

        group.MapGet(ApiRoutes.RegistryHosts, Task<ImmutableArray<HostRecord>> (IRegistry registry, CancellationToken cancellationToken) =>
                registry.ListHostsAsync(cancellationToken))
            .Says("ListHostRecords", "All records of hosts");

        group.MapPut(ApiRoutes.RegistryHost, PutHostAsync)
            .Says("SetHostRecord", "Write the record of the host that asks")
            .Produces(StatusCodes.Status204NoContent)
            .For(AccessRule.NewHosts);

        group.MapGet(ApiRoutes.RegistryVolumes, Task<ImmutableArray<VolumeRecord>> (IRegistry registry, CancellationToken cancellationToken) =>
                registry.ListVolumesAsync(cancellationToken))
            .Says("ListVolumeRecords", "All records of volumes");

        group.MapPut(ApiRoutes.RegistryVolume, PutVolumeAsync)
            .Says("SetVolumeRecord", "Write the record of a volume of the host that asks")
            .Produces(StatusCodes.Status204NoContent);

        group.MapDelete(ApiRoutes.RegistryVolume, RemoveVolumeAsync)
            .Says("RemoveVolumeRecord", "Remove the record of a volume of the host that asks")
            .Produces(StatusCodes.Status204NoContent);

        group.MapPost(ApiRoutes.RegistryEpochs, async Task<DrawnEpoch> (IRegistry registry, CancellationToken cancellationToken) =>
                new(await registry.DrawEpochAsync(cancellationToken)))
            .Says("DrawEpoch", "An epoch of the pool's counter, greater than all before it");

        group.MapPost(ApiRoutes.RegistryReports, Task<ImmutableArray<string>> (HostReport report, HttpContext context, IRegistry registry, CancellationToken cancellationToken) =>
            {
                OwnName(context, report.Host);
                return registry.ReportAsync(report, cancellationToken);
            })
            .Says("ReportToRegistry", "Tell the registry what a host knows of its past, in case it was restored from an older copy");

        group.MapGet(ApiRoutes.RegistryProbe, async Task<RegistryProbe> (IRegistry registry, CancellationToken cancellationToken) =>
                new(await registry.ProbeAsync(cancellationToken)))
            .Says("ProbeRegistry", "Succeeds when the registry answers now, with the revision of its last change");
    }

    private static async Task<IResult> PutHostAsync(
        string name, HostRecord host, HttpContext context, IRegistry registry, CancellationToken cancellationToken)
    {
        SameName(name, host.Name);
        OwnName(context, host.Name);
        await registry.PutHostAsync(host, cancellationToken);
        return TypedResults.NoContent();
    }

    private static async Task<IResult> PutVolumeAsync(
        string group, string volume, VolumeRecord record, HttpContext context, IRegistry registry, CancellationToken cancellationToken)
    {
        SameName($"{group}/{volume}", record.Name.ToString());
        OwnName(context, record.StorageHost);
        await registry.PutVolumeAsync(record, cancellationToken);
        return TypedResults.NoContent();
    }

    private static async Task<IResult> RemoveVolumeAsync(
        string group, string volume, HttpContext context, IRegistry registry, CancellationToken cancellationToken)
    {
        await registry.RemoveVolumeAsync(VolumeName.Parse($"{group}/{volume}"), Caller.Of(context).Host!, cancellationToken);
        return TypedResults.NoContent();
    }

    private static void SameName(string path, string body)
    {
        if (path != body)
            throw new GodwitException("bad-request", $"The path names {path}, the body {body}.");
    }

    private static void OwnName(HttpContext context, string host)
    {
        if (Caller.Of(context).Host is var caller && caller != host)
            throw new GodwitException("foreign-name", $"{caller} cannot speak for {host}: a host can name only itself.");
    }

    private static ValueTask<object?> RequireRoleAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var config = context.HttpContext.RequestServices.GetRequiredService<DaemonConfig>();
        return config.Has(Role.Registry)
            ? next(context)
            : throw new RefusedException(HttpStatusCode.NotFound, "no-registry-role", $"{config.Name} does not keep the registry.");
    }
}
