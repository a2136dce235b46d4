using System.Collections.Immutable;
using Godwit.Aoe.Control;
using Godwit.Domains;
using Godwit.Pool;
using Godwit.Pool.Restoration;
using Godwit.Storage.Volumes;
using Godwit.Storage.Volumes.Stores;

namespace Godwit.Daemon.Volumes;

/// <summary>The volumes that this host serves, and the roles that hosts have in them.</summary>
internal interface IVolumeHost
{
    /// <summary>Groups in which volumes are made.</summary>
    ImmutableArray<string> Groups { get; }

    /// <summary>Makes a volume, exports it and enters it in the registry.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="sizeBytes">Its size.</param>
    /// <param name="cancellationToken">Gives up; nothing of the volume is left then.</param>
    /// <param name="content">Fills it before anybody is served it; null leaves it empty.</param>
    Task<VolumeRecord> CreateAsync(VolumeName name, long sizeBytes, CancellationToken cancellationToken, VolumeContent? content = null);

    /// <summary>Who uses a volume: domains that have it, and hosts that are attached to it.</summary>
    Task<VolumeUsers> UsersAsync(VolumeName name, CancellationToken cancellationToken);

    /// <summary>Removes a volume that nobody uses, with its data.</summary>
    Task DeleteAsync(VolumeName name, CancellationToken cancellationToken);

    /// <summary>Gives a volume another size, and tells the hosts that use it.</summary>
    Task<ResizedVolume> ResizeAsync(VolumeName name, long sizeBytes, bool shrink, IProgress<WorkProgress> progress, CancellationToken cancellationToken);

    /// <summary>Makes a volume of what another one of this host holds, exports it and enters it in the registry.</summary>
    Task<VolumeRecord> CopyAsync(VolumeName source, VolumeName target, long? sizeBytes, IProgress<WorkProgress> progress, CancellationToken cancellationToken);

    /// <summary>Writes what a volume holds to a file of this host.</summary>
    Task WriteAsync(VolumeName name, string file, ImageFormat format, IProgress<WorkProgress> progress, CancellationToken cancellationToken);

    Task<ImmutableArray<FoundGroup>> ListGroupsAsync(CancellationToken cancellationToken);

    Task<FoundGroup> AddGroupAsync(GroupDefinition definition, CancellationToken cancellationToken);

    /// <summary>Forgets a group that has no volumes.</summary>
    Task RemoveGroupAsync(string group, CancellationToken cancellationToken);

    /// <returns>The new session.</returns>
    Task<int> AdmitAsync(VolumeName name, string host, ImmutableArray<MacAddress> macs, bool sessionless, CancellationToken cancellationToken);

    /// <returns>The epoch that held the writer's role before.</returns>
    Task<long> FenceAsync(VolumeName name, string host, long epoch, int session, CancellationToken cancellationToken);

    Task ReleaseAsync(VolumeName name, string host, int session, CancellationToken cancellationToken);

    /// <summary>The same for parts of a volume that holds a shared group; with <paramref name="free"/> only where nobody has them.</summary>
    Task<long> FenceAsync(
        VolumeName name, string host, long epoch, int session, ImmutableArray<SectorRange> sectors, bool free, CancellationToken cancellationToken);

    /// <summary>A session that was superseded in these parts reads them again.</summary>
    Task ReturnAsync(VolumeName name, string host, int session, ImmutableArray<SectorRange> sectors, CancellationToken cancellationToken);

    /// <summary>Ends the writer's role in these parts.</summary>
    Task ReleaseAsync(VolumeName name, string host, int session, ImmutableArray<SectorRange> sectors, CancellationToken cancellationToken);

    /// <summary>These parts are of no volume any more, at the word of the one who has the group's lock.</summary>
    Task ForgetAsync(VolumeName name, string host, int session, ImmutableArray<SectorRange> sectors, CancellationToken cancellationToken);

    /// <summary>Where the volumes lie of the group that is on a volume, as the one who has the group's lock says.</summary>
    void Settle(VolumeName name, ImmutableArray<GroupVolume> layout);

    Task ProbeAsync(VolumeName name, CancellationToken cancellationToken);

    /// <summary>The fences of all volumes, for a registry that catches up.</summary>
    Task<IReadOnlyList<FenceReport>> ReportAsync(CancellationToken cancellationToken);
}

/// <param name="Volume">As it is now.</param>
/// <param name="Untold">Why hosts that use it could not be told of it.</param>
internal sealed record ResizedVolume(VolumeRecord Volume, ImmutableArray<string> Untold);

/// <param name="Report">Null where it cannot be used now.</param>
/// <param name="Problem">Why not.</param>
internal sealed record FoundGroup(GroupDefinition Definition, bool Configured, GroupReport? Report, string? Problem);

internal sealed record VolumeUsers(ImmutableArray<string> Domains, ImmutableArray<string> Hosts);
