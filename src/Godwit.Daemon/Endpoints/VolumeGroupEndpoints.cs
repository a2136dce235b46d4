using System.Collections.Immutable;
using Godwit.Api;
using Godwit.Daemon.Config;
using Godwit.Daemon.Http;
using Godwit.Daemon.Roles;
using Godwit.Daemon.Volumes;
using Godwit.Domains;
using Godwit.Storage;
using Godwit.Storage.Groups;
using Godwit.Storage.Volumes;

namespace Godwit.Daemon.Endpoints;

/// <summary>The groups of a storage host.</summary>
internal static class VolumeGroupEndpoints
{
    public static void MapVolumeGroups(this IEndpointRouteBuilder routes)
    {
        routes.MapGet(ApiRoutes.VolumeGroups, async Task<ImmutableArray<VolumeGroupInfo>> (DaemonConfig config, VolumeSlot volumes, CancellationToken cancellationToken) =>
                [.. (await (await volumes.GetAsync(cancellationToken)).ListGroupsAsync(cancellationToken)).Select(group => Info(config, group))])
            .Says("ListVolumeGroups", "The groups of a storage host, and how full they are")
            .At(Place.Storage);

        routes.MapPost(ApiRoutes.VolumeGroups, async Task<VolumeGroupInfo> (
                AddVolumeGroupRequest request, DaemonConfig config, VolumeSlot volumes, CancellationToken cancellationToken) =>
                Info(config, await (await volumes.GetAsync(cancellationToken)).AddGroupAsync(Definition(request), cancellationToken)))
            .Says("AddVolumeGroup", "Have a storage host keep volumes in an LVM2 volume group, or as files of a directory")
            .At(Place.Storage);

        routes.MapDelete(ApiRoutes.VolumeGroup, async Task<IResult> (string group, VolumeSlot volumes, CancellationToken cancellationToken) =>
            {
                await (await volumes.GetAsync(cancellationToken)).RemoveGroupAsync(group, cancellationToken);
                return TypedResults.NoContent();
            })
            .Says("RemoveVolumeGroup", "Forget a group that has no volumes; what else lies there stays")
            .Produces(StatusCodes.Status204NoContent)
            .At(Place.Storage);

        routes.MapPost(ApiRoutes.GroupOrders, async Task<IResult> (
                string group, GroupOrder order, DaemonConfig config, ComputeSlot compute, CancellationToken cancellationToken) =>
            {
                if (order.Group != group)
                    throw new GodwitException("bad-request", $"The path names {group}, the body {order.Group}.");
                await (await compute.GroupsAsync(config.Has(Role.Compute), config.Name, cancellationToken)).CarryOutAsync(order, cancellationToken);
                return TypedResults.NoContent();
            })
            .Says("CarryOutGroupOrder", "Change the metadata of a shared group, at the word of the storage host of its device")
            .Produces(StatusCodes.Status204NoContent)
            .For(AccessRule.Hosts);
    }

    private static GroupDefinition Definition(AddVolumeGroupRequest request) => (request.Kind, request.Path, request.ThinPool) switch
    {
        ("lvm", null, var pool) => GroupDefinition.OfLvm(request.Name, pool),
        ("directory", { } path, null) when Path.IsPathRooted(path) => GroupDefinition.OfDirectory(request.Name, path),
        ("directory", _, null) => throw new GodwitException(StorageErrors.BadGroup, "A group of files needs the path of its directory, from the root.", "As in /srv/volumes."),
        ("shared", null, null) => GroupDefinition.OfShared(request.Name, VolumeName.Parse(request.On ?? "")),
        ("lvm" or "directory" or "shared", _, _) => throw new GodwitException(StorageErrors.BadGroup, "A group is a directory, or a volume group with or without a thin pool.", "Give a path, or a thin pool, or neither."),
        _ => throw new GodwitException(StorageErrors.BadGroup, $"There is no kind '{request.Kind}' of group.", "Use lvm, directory or shared."),
    };

    private static VolumeGroupInfo Info(DaemonConfig config, FoundGroup group) => new(
        group.Definition.Name, KindOf(group.Definition.Kind), config.Name,
        group.Report?.Place ?? group.Definition.Directory ?? $"volume group {group.Definition.Name}",
        group.Report?.SizeBytes ?? 0, group.Report?.FreeBytes ?? 0, group.Configured, group.Problem);

    private static string KindOf(GroupKind kind) => kind switch
    {
        GroupKind.Lvm => "lvm",
        GroupKind.Shared => "shared",
        _ => "directory",
    };
}
