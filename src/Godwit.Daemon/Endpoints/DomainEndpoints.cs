using System.Collections.Immutable;
using Godwit.Api;
using Godwit.Daemon.Config;
using Godwit.Daemon.Http;
using Godwit.Daemon.Jobs;
using Godwit.Daemon.Queries;
using Godwit.Daemon.Roles;
using Godwit.Domains;
using Godwit.Domains.Config;
using Godwit.Host;

namespace Godwit.Daemon.Endpoints;

internal static class DomainEndpoints
{
    private static readonly string[] Verbs = [.. Enum.GetNames<DomainVerb>().Select(name => name.ToLowerInvariant())];

    public static void MapDomains(this IEndpointRouteBuilder routes)
    {
        routes.MapGet(ApiRoutes.Domains, async Task<ImmutableArray<DomainInfo>> (string? scope, HttpResponse response, DomainQuery query, CancellationToken cancellationToken) =>
                scope == "host" ? await query.ListHereAsync(cancellationToken) : (await query.ListAsync(cancellationToken)).Answer(response))
            .Says("ListDomains", "The domains of the pool; with scope=host those of this host. While the registry is away, those that are known, and the header " + ApiHeaders.RegistryAway);

        routes.MapGet(ApiRoutes.Domain, Task<DomainInfo> (string name, DomainQuery query, CancellationToken cancellationToken) =>
                query.ShowAsync(name, cancellationToken))
            .Says("GetDomain", "One domain, wherever it runs");

        routes.MapPost(ApiRoutes.Domains, CreateAsync)
            .Says("CreateDomain", "Create a domain on the host that is asked, and start it");

        routes.MapPost(ApiRoutes.DomainSave, SaveAsync)
            .Says("SaveDomain", "Begin to write the memory of a domain to a file of its host; cancelled, the guest goes on")
            .Produces<JobInfo>(StatusCodes.Status202Accepted)
            .At(Place.Owner);

        routes.MapPost(ApiRoutes.DomainRestore, RestoreAsync)
            .Says("RestoreDomain", "Begin to let a saved domain go on where it was")
            .Produces<JobInfo>(StatusCodes.Status202Accepted)
            .At(Place.Owner);

        routes.MapPost(ApiRoutes.DomainVerb, DoAsync)
            .Says("DoWithDomain", "Shut down, reboot, destroy, pause or unpause a domain")
            .Produces(StatusCodes.Status204NoContent)
            .At(Place.Owner);

        routes.MapPost(ApiRoutes.DomainMemory, async Task<DomainInfo> (
                string name, SetMemoryRequest request, DaemonConfig config, ComputeSlot compute, DomainQuery query, CancellationToken cancellationToken) =>
                DomainMapping.Info(
                    await (await OwnerAsync(name, config, compute, query, cancellationToken)).SetMemoryAsync(name, request.MemoryMiB, cancellationToken), config.Name))
            .Says("SetDomainMemory", "Give a running domain other memory, within its bound and for good; the guest takes its time")
            .At(Place.Owner);

        routes.MapPost(ApiRoutes.DomainVirtualCpus, async Task<DomainInfo> (
                string name, SetVirtualCpusRequest request, DaemonConfig config, ComputeSlot compute, DomainQuery query, CancellationToken cancellationToken) =>
                DomainMapping.Info(
                    await (await OwnerAsync(name, config, compute, query, cancellationToken)).SetVirtualCpusAsync(name, request.VirtualCpus, cancellationToken), config.Name))
            .Says("SetDomainVirtualCpus", "Give a running domain other virtual processors, within its bound and for good; the guest takes its time")
            .At(Place.Owner);
    }

    private static async Task<IDomainHost> OwnerAsync(
        string name, DaemonConfig config, ComputeSlot compute, DomainQuery query, CancellationToken cancellationToken)
    {
        await DemandKnownAsync(name, config, query, cancellationToken);
        return await compute.GetAsync(config.Has(Role.Compute), config.Name, cancellationToken);
    }

    private static async Task<DomainInfo> CreateAsync(
        CreateDomainRequest request, DaemonConfig config, ComputeSlot compute, CancellationToken cancellationToken)
    {
        var host = await compute.GetAsync(config.Has(Role.Compute), config.Name, cancellationToken);
        var view = await host.CreateAsync(request.Spec, new CreateOptions(request.Paused, request.Unfenced), cancellationToken);
        return DomainMapping.Info(view, config.Name);
    }

    private static async Task<IResult> DoAsync(
        string name, string verb, DaemonConfig config, ComputeSlot compute, DomainQuery query, CancellationToken cancellationToken)
    {
        if (!Verbs.Contains(verb) || !Enum.TryParse<DomainVerb>(verb, ignoreCase: true, out var asked))
        {
            throw new GodwitException(
                "bad-verb", $"Domains know no '{verb}'.",
                Nearest.To(verb, Verbs) is { } near ? $"Did you mean {near}?" : $"They know {string.Join(", ", Verbs)}.");
        }
        var host = await OwnerAsync(name, config, compute, query, cancellationToken);
        await (asked switch
        {
            DomainVerb.Shutdown => host.ShutdownAsync(name, cancellationToken),
            DomainVerb.Reboot => host.RebootAsync(name, cancellationToken),
            DomainVerb.Destroy => host.DestroyAsync(name, cancellationToken),
            DomainVerb.Pause => host.PauseAsync(name, cancellationToken),
            _ => host.UnpauseAsync(name, cancellationToken),
        });
        return TypedResults.NoContent();
    }

    private static async Task<IResult> SaveAsync(string name, DaemonConfig config, DomainJobs jobs, DomainQuery query, CancellationToken cancellationToken)
    {
        await DemandKnownAsync(name, config, query, cancellationToken);
        return JobEndpoints.Accepted(await jobs.SaveAsync(name, cancellationToken));
    }

    private static async Task<IResult> RestoreAsync(
        string name, RestoreDomainRequest request, DaemonConfig config, DomainJobs jobs, DomainQuery query, CancellationToken cancellationToken)
    {
        await DemandKnownAsync(name, config, query, cancellationToken);
        return JobEndpoints.Accepted(await jobs.RestoreAsync(name, new RestoreOptions(request.Paused), cancellationToken));
    }

    /// <summary>A domain that nobody knows, or whose owner has lost it, is refused here in the same words everywhere.</summary>
    private static async Task DemandKnownAsync(string name, DaemonConfig config, DomainQuery query, CancellationToken cancellationToken)
    {
        if (!config.Has(Role.Compute))
            await query.ShowAsync(name, cancellationToken);
    }
}
