using System.Collections.Immutable;
using Godwit.Api;
using Godwit.Daemon.Config;
using Godwit.Daemon.Http;
using Godwit.Daemon.Roles;
using Godwit.Daemon.Transport;
using Godwit.Daemon.Volumes;
using Godwit.Domains;
using Godwit.Pool;
using Godwit.Storage;
using Godwit.Storage.Attachments;
using Godwit.Storage.Volumes;

namespace Godwit.Daemon.Endpoints;

/// <summary>
/// The volumes of the pool, and the roles in them that hosts ask for. The name of the host comes from its certificate:
/// a host can name only itself.
/// </summary>
internal static class VolumeEndpoints
{
    public static void MapVolumes(this IEndpointRouteBuilder routes)
    {
        routes.MapGet(ApiRoutes.Volumes, async Task<ImmutableArray<VolumeInfo>> (IRegistry registry, CancellationToken cancellationToken) =>
                [.. (await registry.ListVolumesAsync(cancellationToken)).Select(Info)])
            .Says("ListVolumes", "The volumes of the pool");

        routes.MapPost(ApiRoutes.Volumes, async Task<VolumeInfo> (CreateVolumeRequest request, VolumeSlot volumes, CancellationToken cancellationToken) =>
                Info(await (await volumes.GetAsync(cancellationToken)).CreateAsync(VolumeName.Parse(request.Name), request.SizeBytes, cancellationToken)))
            .Says("CreateVolume", "Make an empty volume and export it to the hosts")
            .At(Place.Storage);

        routes.MapGet(ApiRoutes.Volume, ShowAsync)
            .Says("GetVolume", "One volume with who uses it")
            .At(Place.Volume);

        routes.MapDelete(ApiRoutes.Volume, async Task<IResult> (string group, string volume, VolumeSlot volumes, CancellationToken cancellationToken) =>
            {
                await (await volumes.GetAsync(cancellationToken)).DeleteAsync(Name(group, volume), cancellationToken);
                return TypedResults.NoContent();
            })
            .Says("DeleteVolume", "Remove a volume that nobody uses, with its data")
            .Produces(StatusCodes.Status204NoContent)
            .At(Place.Volume);

        routes.MapPost(ApiRoutes.VolumeResize, async Task<IResult> (
                string group, string volume, ResizeVolumeRequest request, VolumeJobs work, CancellationToken cancellationToken) =>
                JobEndpoints.Accepted(await work.ResizeAsync(Name(group, volume), request, cancellationToken)))
            .Says("ResizeVolume", "Begin to give a volume another size; guests that run on it see it grow")
            .Produces<JobInfo>(StatusCodes.Status202Accepted)
            .At(Place.Volume);

        routes.MapPost(ApiRoutes.VolumeCopies, async Task<IResult> (
                string group, string volume, CopyVolumeRequest request, VolumeJobs work, CancellationToken cancellationToken) =>
                JobEndpoints.Accepted(await work.CopyAsync(Name(group, volume), request, cancellationToken)))
            .Says("CopyVolume", "Begin to make a volume of what another one holds: at once where its storage can, else while nobody uses it")
            .Produces<JobInfo>(StatusCodes.Status202Accepted)
            .At(Place.Volume);

        routes.MapPost(ApiRoutes.VolumeExport, async Task<IResult> (
                string group, string volume, ExportVolumeRequest request, VolumeJobs work, CancellationToken cancellationToken) =>
                JobEndpoints.Accepted(await work.ExportAsync(Name(group, volume), request, cancellationToken)))
            .Says("ExportVolume", "Begin to write what a volume holds to a file of its storage host")
            .Produces<JobInfo>(StatusCodes.Status202Accepted)
            .At(Place.Volume);

        routes.MapPost(ApiRoutes.DiskCheck, async Task<DiskCheck> (
                CheckDiskRequest request, IRegistry registry, PeerConnections peers, CancellationToken cancellationToken) =>
            {
                var found = await new DiskChecks(new RemoteVolumes(registry, peers)).CheckAsync(request.Target, cancellationToken);
                return new DiskCheck(
                    request.Target, found.Kind, found.Disk.Fenced, found.How, found.Disk.Kind == DiskKind.Network ? null : found.Disk.SizeBytes, found.Advice);
            })
            .Says("CheckDisk", "What a disk's target is on this host, and how another host can be kept from writing to it");

        var roles = routes.MapGroup("").For(AccessRule.Hosts);

        roles.MapPost(ApiRoutes.VolumeGrown, async Task<IResult> (
                string group, string volume, GrownRequest request, DaemonConfig config, ComputeSlot compute, CancellationToken cancellationToken) =>
            {
                var host = await compute.GetAsync(config.Has(Role.Compute), config.Name, cancellationToken);
                await host.GrowDisksAsync(Name(group, volume), request.SizeBytes, cancellationToken);
                return TypedResults.NoContent();
            })
            .Says("VolumeGrown", "Have the guests of this host see that a volume has grown")
            .Produces(StatusCodes.Status204NoContent);

        roles.MapPost(ApiRoutes.VolumeAdmit, async Task<AdmitAnswer> (
                string group, string volume, AdmitRequest request, HttpContext context, VolumeSlot volumes, CancellationToken cancellationToken) =>
                new AdmitAnswer(await (await volumes.GetAsync(cancellationToken)).AdmitAsync(
                    Name(group, volume), Caller.Of(context).Host!, request.Macs, request.Sessionless, cancellationToken)))
            .Says("AdmitReader", "Make the host that asks a reader of the volume, in a new session");

        roles.MapPost(ApiRoutes.VolumeFence, async Task<FenceAnswer> (
                string group, string volume, FenceRequest request, HttpContext context, VolumeSlot volumes, CancellationToken cancellationToken) =>
            {
                var (host, name, caller) = (await volumes.GetAsync(cancellationToken), Name(group, volume), Caller.Of(context).Host!);
                return new FenceAnswer(request.Sectors is { } sectors
                    ? await host.FenceAsync(name, caller, request.Epoch, request.Session, sectors, request.Free, cancellationToken)
                    : await host.FenceAsync(name, caller, request.Epoch, request.Session, cancellationToken));
            })
            .Says("FenceVolume", "Make the host that asks the only writer of the volume, or of parts of it");

        roles.MapPost(ApiRoutes.VolumeReturn, async Task<IResult> (
                string group, string volume, SectorsRequest request, HttpContext context, VolumeSlot volumes, CancellationToken cancellationToken) =>
            {
                await (await volumes.GetAsync(cancellationToken)).ReturnAsync(
                    Name(group, volume), Caller.Of(context).Host!, request.Session, request.Sectors, cancellationToken);
                return TypedResults.NoContent();
            })
            .Says("ReturnToSectors", "Let a session of the host that asks read parts of the volume again in which it was superseded")
            .Produces(StatusCodes.Status204NoContent);

        roles.MapPost(ApiRoutes.VolumeForget, async Task<IResult> (
                string group, string volume, SectorsRequest request, HttpContext context, VolumeSlot volumes, CancellationToken cancellationToken) =>
            {
                await (await volumes.GetAsync(cancellationToken)).ForgetAsync(
                    Name(group, volume), Caller.Of(context).Host!, request.Session, request.Sectors, cancellationToken);
                return TypedResults.NoContent();
            })
            .Says("ForgetSectors", "Parts of the volume are of no logical volume any more, says the host that has the group's lock")
            .Produces(StatusCodes.Status204NoContent);

        roles.MapPost(ApiRoutes.VolumeShared, async Task<IResult> (
                string group, string volume, LayoutRequest request, VolumeSlot volumes, CancellationToken cancellationToken) =>
            {
                (await volumes.GetAsync(cancellationToken)).Settle(Name(group, volume), request.Volumes);
                return TypedResults.NoContent();
            })
            .Says("SettleGroup", "Where the volumes lie of the group that is on this volume")
            .Produces(StatusCodes.Status204NoContent);

        roles.MapPost(ApiRoutes.VolumeRelease, async Task<IResult> (
                string group, string volume, ReleaseRequest request, HttpContext context, VolumeSlot volumes, CancellationToken cancellationToken) =>
            {
                var (host, name, caller) = (await volumes.GetAsync(cancellationToken), Name(group, volume), Caller.Of(context).Host!);
                await (request.Sectors is { } sectors
                    ? host.ReleaseAsync(name, caller, request.Session, sectors, cancellationToken)
                    : host.ReleaseAsync(name, caller, request.Session, cancellationToken));
                return TypedResults.NoContent();
            })
            .Says("ReleaseVolume", "End a session of the host that asks, or its writer's role in parts of the volume")
            .Produces(StatusCodes.Status204NoContent);

        roles.MapGet(ApiRoutes.VolumeProbe, async Task<IResult> (
                string group, string volume, VolumeSlot volumes, CancellationToken cancellationToken) =>
            {
                await (await volumes.GetAsync(cancellationToken)).ProbeAsync(Name(group, volume), cancellationToken);
                return TypedResults.NoContent();
            })
            .Says("ProbeVolume", "Succeeds when the volume is served now")
            .Produces(StatusCodes.Status204NoContent);
    }

    private static async Task<VolumeDetails> ShowAsync(
        string group, string volume, VolumeSlot volumes, IRegistry registry, CancellationToken cancellationToken)
    {
        var name = Name(group, volume);
        var users = await (await volumes.GetAsync(cancellationToken)).UsersAsync(name, cancellationToken);
        var known = await registry.ListVolumesAsync(cancellationToken);
        // Deleted at this moment.
        var record = known.FirstOrDefault(record => record.Name == name)
            ?? throw VolumeService.NoSuch($"There is no volume {name}.", name, known.Select(volume => volume.Name));
        return new(record.Name.ToString(), record.SizeBytes, record.StorageHost, record.Shelf, record.Slot, users.Domains, users.Hosts, record.LiesOn?.ToString(), record.SharedGroup);
    }

    private static VolumeName Name(string group, string volume) => VolumeName.Parse($"{group}/{volume}");

    private static VolumeInfo Info(VolumeRecord volume) =>
        new(volume.Name.ToString(), volume.SizeBytes, volume.StorageHost, volume.Shelf, volume.Slot, volume.LiesOn?.ToString(), volume.SharedGroup);
}
