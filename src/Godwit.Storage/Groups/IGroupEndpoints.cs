using System.Collections.Immutable;
using Godwit.Aoe.Control;
using Godwit.Domains;
using Godwit.Storage.Volumes;

namespace Godwit.Storage.Groups;

/// <summary>
/// What a host asks of the storage host that serves the exported volume under a shared group. As with whole volumes, a host can name
/// only itself.
/// </summary>
public interface IGroupEndpoints
{
    /// <summary>Makes this host a reader of all of it, by its Ethernet addresses alone. Returns its session.</summary>
    Task<int> AdmitAsync(ImmutableArray<MacAddress> macs, CancellationToken cancellationToken);

    /// <summary>
    /// Makes the session the writer of these sectors, of all or none; with <paramref name="free"/> only where nobody is
    /// (<see cref="FenceRefusal.RangeTaken"/>). Returns the greatest epoch that held them before.
    /// </summary>
    /// <exception cref="GodwitException">
    /// <see cref="FenceRefusal.StaleEpoch"/>, <see cref="FenceRefusal.NotAdmitted"/>, <see cref="FenceRefusal.RangeConflict"/>, or the
    /// storage host is away.
    /// </exception>
    Task<long> FenceAsync(long epoch, int session, ImmutableArray<SectorRange> sectors, bool free, CancellationToken cancellationToken);

    /// <summary>The session reads sectors again in which it was superseded.</summary>
    Task ReturnAsync(int session, ImmutableArray<SectorRange> sectors, CancellationToken cancellationToken);

    /// <summary>Gives up the writer's role of sectors.</summary>
    Task ReleaseAsync(int session, ImmutableArray<SectorRange> sectors, CancellationToken cancellationToken);

    /// <summary>The sectors are of no volume any more.</summary>
    Task ForgetAsync(int session, ImmutableArray<SectorRange> sectors, CancellationToken cancellationToken);

    /// <summary>Tells where the volumes lie, after a change under the group's lock.</summary>
    Task SettleAsync(ImmutableArray<GroupVolume> layout, CancellationToken cancellationToken);

    /// <summary>Ends the session.</summary>
    Task ReleaseAsync(int session, CancellationToken cancellationToken);

    /// <summary>Succeeds when the storage host serves the exported volume now.</summary>
    Task ProbeAsync(CancellationToken cancellationToken);
}
