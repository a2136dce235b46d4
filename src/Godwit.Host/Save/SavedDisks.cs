using System.Collections.Immutable;
using Godwit.Domains;
using Godwit.Host.Recover;
using Godwit.Pool;
using Godwit.Storage;
using Microsoft.Extensions.Logging;

namespace Godwit.Host.Save;

/// <summary>
/// Takes the writer's role of a saved domain's disks under the epoch of a restore. Who had it before tells whether the disks are
/// younger than the memory. It waits for a disk that does not answer: what that would say can be asked in this session alone.
/// </summary>
internal static class SavedDisks
{
    /// <returns>The disks as they are now, and whether the memory is too old for one of them.</returns>
    public static async Task<(ImmutableArray<AttachedDisk> Disks, bool Older)> TakeAsync(
        HostParts parts, ILogger log, ImmutableArray<AttachedDisk> disks, SavedMemory saved, long epoch, CancellationToken token)
    {
        try
        {
            var taken = await Task.WhenAll(disks.Select(disk => DiskReclaim.TakeAsync(parts, log, disk, epoch, token)));
            return ([.. taken.Select(one => one.Disk)], taken.Any(one => one.Disk is { Disk.Fenced: true, ReadOnly: false } && saved.IsOlderThan(one.Before)));
        }
        catch (GodwitException e) when (e.Code == FenceRefusal.StaleEpoch)
        {
            // Somebody had it under an epoch that was drawn later still.
            return (disks, true);
        }
    }

    /// <summary>What is known of the memory once the disks were taken under an epoch.</summary>
    public static SavedMemory Judge(SavedMemory saved, long epoch, bool older) =>
        older ? saved with { Stale = true } : saved with { Epochs = saved.Epochs.Add(epoch) };
}
