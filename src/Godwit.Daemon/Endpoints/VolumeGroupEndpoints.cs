using System.Collections.Immutable;
using Godwit.Api;
using Godwit.Daemon.Config;
using Godwit.Daemon.Http;
using Godwit.Daemon.Roles;
using Godwit.Daemon.Volumes;
using Godwit.Domains;
using Godwit.Storage;
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
                (await volumes.GetAsync(cancellationToken)).RemoveGroup(group);
                return TypedResults.NoContent();
            })
            .Says("RemoveVolumeGroup", "Forget a group that has no volumes; what else lies there stays")
            .Produces(StatusCodes.Status204NoContent)
            .At(Place.Storage);
    }

    private static GroupDefinition Definition(AddVolumeGroupRequest request) => (request.Kind, request.Path, request.ThinPool) switch
    {
        ("lvm", null, var pool) => GroupDefinition.OfLvm(request.Name, pool),
        ("directory", { } path, null) when Path.IsPathRooted(path) => GroupDefinition.OfDirectory(request.Name, path),
        ("directory", _, null) => throw new GodwitException(StorageErrors.BadGroup, "A group of files needs the path of its directory, from the root.", "As in /srv/volumes."),
        ("lvm" or "directory", _, _) => throw new GodwitException(StorageErrors.BadGroup, "A group is a directory, or a volume group with or without a thin pool.", "Give a path, or a thin pool, or neither."),
        _ => throw new GodwitException(StorageErrors.BadGroup, $"There is no kind '{request.Kind}' of group.", "Use lvm or directory."),
    };

    private static VolumeGroupInfo Info(DaemonConfig config, FoundGroup group) => new(
        group.Definition.Name, group.Definition.Kind == GroupKind.Lvm ? "lvm" : "directory", config.Name,
        group.Report?.Place ?? group.Definition.Directory ?? $"volume group {group.Definition.Name}",
        group.Report?.SizeBytes ?? 0, group.Report?.FreeBytes ?? 0, group.Configured, group.Problem);
}
