using System.Collections.Immutable;
using Godwit.Domains;
using Godwit.Pool;
using Godwit.Pool.Ownership;
using Godwit.Relocation.Source;
using Godwit.Storage;
using Microsoft.Extensions.Logging;

namespace Godwit.Host.Recover;

/// <summary>
/// Takes the disks of a domain back for a copy that was held for a relocation, under the epoch that ended it, and says
/// whether the memory of that copy may go on. The copy is paused and cannot go on without its disks: whatever fails is
/// tried again until it answers.
/// </summary>
internal sealed class DiskReclaim(HostParts parts, string domain, Guid relocation)
{
    private static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(1);
    private readonly ILogger _log = parts.Logs.CreateLogger<DiskReclaim>();

    /// <summary>Returns the disks as they are now: one that was fenced by the other side has a new session.</summary>
    public async Task<(HeldMemory Memory, ImmutableArray<AttachedDisk> Disks)> RunAsync(ImmutableArray<AttachedDisk> disks, CancellationToken token)
    {
        while (true)
        {
            var record = await parts.Records.ReadAsync(domain, token);
            if (record is null || !IsOurs(record))
                return (HeldMemory.Superseded, disks);
            var neverRanThere = record.Last!.Outcome != RelocationOutcome.TakenOver;
            try
            {
                for (var i = 0; i < disks.Length; i++)
                {
                    (var disk, var before) = await TakeAsync(parts, _log, disks[i], record.Epoch, token);
                    disks = disks.SetItem(i, disk);
                    // A disk that the silent side never came to hold would have refused its first write.
                    neverRanThere |= disk is { Disk.Fenced: true, ReadOnly: false } && before < record.Last.SilentEpoch;
                }
            }
            catch (GodwitException e) when (e.Code == FenceRefusal.StaleEpoch)
            {
                await RedrawAsync(record, e, token);
                continue;
            }
            if (!neverRanThere)
                return (HeldMemory.Stale, disks);
            var arrived = await parts.Records.ChangeAsync(
                domain,
                r => r.Owner == parts.Name && r.Epoch == record.Epoch && !r.Arriving,
                r => Transitions.Arrive(r, parts.Name, record.Epoch),
                token);
            if (arrived is not null)
                return (HeldMemory.Current, disks);
        }
    }

    /// <summary>Takes the writer's role of one disk; returns it with the epoch that held the role before.</summary>
    /// <exception cref="GodwitException">The disk has seen a greater epoch: <see cref="FenceRefusal.StaleEpoch"/>.</exception>
    public static async Task<(AttachedDisk Disk, long Before)> TakeAsync(
        HostParts parts, ILogger log, AttachedDisk disk, long epoch, CancellationToken token)
    {
        while (true)
        {
            try
            {
                return (disk, await parts.Disks.FenceAsync(disk, epoch, token));
            }
            catch (GodwitException e) when (e.Code == FenceRefusal.NotAdmitted)
            {
                disk = await ReadmitAsync(parts, log, disk, token);
            }
            catch (GodwitException e) when (e.Code != FenceRefusal.StaleEpoch)
            {
                Log.TryingAgain(log, disk.Domain, $"take {disk.Disk.Name}", e);
                await Task.Delay(AskAgain, parts.Time, token);
            }
        }
    }

    private static async Task<AttachedDisk> ReadmitAsync(HostParts parts, ILogger log, AttachedDisk disk, CancellationToken token)
    {
        while (true)
        {
            try
            {
                return await parts.Disks.ReadmitAsync(disk, token);
            }
            catch (GodwitException e)
            {
                Log.TryingAgain(log, disk.Domain, $"be admitted to {disk.Disk.Name}", e);
                await Task.Delay(AskAgain, parts.Time, token);
            }
        }
    }

    private bool IsOurs(DomainRecord record) =>
        record.Owner == parts.Name && record is
        {
            Intent: null,
            Last: { Outcome: RelocationOutcome.Aborted or RelocationOutcome.GivenBack or RelocationOutcome.TakenOver } last,
        } && last.Id == relocation;

    // Only a registry that was behind can have given out an epoch that a disk has seen already.
    private async Task RedrawAsync(DomainRecord record, GodwitException refusal, CancellationToken token)
    {
        Log.TryingAgain(_log, domain, $"fence its disks under epoch {record.Epoch}", refusal);
        await parts.Records.ChangeAsync(
            domain, r => r.Owner == parts.Name && r.Epoch > record.Epoch, r => Transitions.Redraw(r, parts.Name, record.Epoch), token);
        await Task.Delay(AskAgain, parts.Time, token);
    }
}
