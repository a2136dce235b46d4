using System.Collections.Immutable;
using Godwit.Domains;
using Godwit.Storage.Groups;

namespace Godwit.Storage.Volumes;

/// <summary>
/// The storage hosts of the pool, as a host that uses their volumes reaches them: over their authenticated API. The
/// storage host takes the caller's name from its certificate, so that a host can name only itself.
/// </summary>
public interface IVolumeEndpoints
{
    Task<ImmutableArray<VolumeLocation>> ListAsync(CancellationToken cancellationToken);

    /// <summary>Makes this host a reader of the volume. Returns its session.</summary>
    /// <param name="volume">Which.</param>
    /// <param name="macs">Ethernet addresses that its frames come from.</param>
    /// <param name="sessionless">Frames without a session count too: those of the kernel's driver have none.</param>
    /// <param name="cancellationToken">Ends the wait for the answer.</param>
    Task<int> AdmitAsync(VolumeLocation volume, ImmutableArray<MacAddress> macs, bool sessionless, CancellationToken cancellationToken);

    /// <summary>Makes the session the only writer. Returns the epoch that held the role before.</summary>
    /// <exception cref="GodwitException">
    /// <see cref="FenceRefusal.StaleEpoch"/>, <see cref="FenceRefusal.NotAdmitted"/>, or the storage host is away.
    /// </exception>
    Task<long> FenceAsync(VolumeLocation volume, long epoch, int session, CancellationToken cancellationToken);

    Task ReleaseAsync(VolumeLocation volume, int session, CancellationToken cancellationToken);

    /// <summary>The storage host of an exported volume, as a host asks it that shares the group on it.</summary>
    IGroupEndpoints OfGroup(VolumeLocation device);

    /// <summary>Succeeds when the storage host serves the volume now.</summary>
    Task ProbeAsync(VolumeLocation volume, CancellationToken cancellationToken);
}
