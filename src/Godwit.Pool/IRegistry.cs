using System.Collections.Immutable;
using Godwit.Domains;
using Godwit.Pool.Restoration;

namespace Godwit.Pool;

/// <summary>
/// The pool's registry. A call that fails says nothing about what the registry did: whoever needs to know reads
/// the record (see <see cref="Ownership.RecordChanger"/>).
/// </summary>
public interface IRegistry
{
    Task<DomainRecord?> FindAsync(string domain, CancellationToken cancellationToken);

    Task<ImmutableArray<DomainRecord>> ListAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Writes <paramref name="next"/> if the record still has <paramref name="expectedRevision"/> (0: if there is
    /// none yet). With <paramref name="drawEpoch"/> the new record's epoch is drawn from the pool's counter in
    /// the same transaction.
    /// </summary>
    Task<CompareAndSetResult> CompareAndSetAsync(
        DomainRecord next, long expectedRevision, bool drawEpoch, CancellationToken cancellationToken);

    /// <summary>Removes the record if it still has that revision.</summary>
    Task<CompareAndSetResult> RemoveAsync(string domain, long expectedRevision, CancellationToken cancellationToken);

    /// <summary>Draws an epoch from the pool's counter: greater than all that were drawn before.</summary>
    Task<long> DrawEpochAsync(CancellationToken cancellationToken);

    Task<ImmutableArray<HostRecord>> ListHostsAsync(CancellationToken cancellationToken);

    Task PutHostAsync(HostRecord host, CancellationToken cancellationToken);

    Task<ImmutableArray<VolumeRecord>> ListVolumesAsync(CancellationToken cancellationToken);

    /// <summary>Enters a volume, or what changed of it; a name that another storage host has entered stays that one's.</summary>
    Task PutVolumeAsync(VolumeRecord volume, CancellationToken cancellationToken);

    /// <summary>Removes the record of a volume, if there is one and it is this storage host's.</summary>
    Task RemoveVolumeAsync(VolumeName volume, string storageHost, CancellationToken cancellationToken);

    /// <summary>
    /// Tells the registry what a host knows of its past. One that was restored from an older copy catches up from it;
    /// to any other it says nothing new.
    /// </summary>
    /// <returns>Hosts whose reports are still missing; none: the registry serves.</returns>
    Task<ImmutableArray<string>> ReportAsync(HostReport report, CancellationToken cancellationToken);

    /// <summary>Succeeds when the registry answers now.</summary>
    /// <returns>Revision of its last change: less than one that a host has seen says that it was restored from an older copy.</returns>
    Task<long> ProbeAsync(CancellationToken cancellationToken);
}

/// <summary>
/// Outcome of a compare-and-set. <see cref="Current"/> is the record after it: the one written when
/// <see cref="Won"/>, else the one that stood in the way (null where there is none).
/// </summary>
public sealed record CompareAndSetResult(bool Won, DomainRecord? Current = null);
