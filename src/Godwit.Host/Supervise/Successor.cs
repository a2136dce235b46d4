using System.Collections.Immutable;
using Godwit.Domains;
using Godwit.Pool;
using Godwit.Storage;

namespace Godwit.Host.Supervise;

/// <summary>
/// Whether a copy has a successor, so that it can never run again and may go: the record names another owner under a
/// greater epoch; or there is no record any more, and a disk says that it has been another's since.
/// </summary>
internal static class Successor
{
    /// <param name="parts">This host.</param>
    /// <param name="record">The domain's record; null: it was removed.</param>
    /// <param name="epoch">Epoch under which this host had the domain; 0: unknown, and then no disk can tell.</param>
    /// <param name="disks">The copy's disks.</param>
    /// <param name="token">Ends the look.</param>
    public static async Task<bool> IsThereAsync(
        HostParts parts, DomainRecord? record, long epoch, ImmutableArray<AttachedDisk> disks, CancellationToken token)
    {
        if (record is not null)
            return record.Owner != parts.Name && record.Epoch > epoch;
        if (epoch == 0)
            return false;
        foreach (var disk in disks.Where(disk => disk is { Disk.Fenced: true, ReadOnly: false }))
        {
            try
            {
                // What this host has is only confirmed by it; what it has lost is refused.
                await parts.Disks.FenceAsync(disk, epoch, token);
            }
            catch (GodwitException e) when (e.Code is FenceRefusal.StaleEpoch or FenceRefusal.NotAdmitted)
            {
                return true;
            }
            catch (GodwitException)
            {
                // It does not answer: the next look, or the daemon's next start, asks again.
            }
        }
        return false;
    }
}
