using System.Collections.Concurrent;
using System.Collections.Immutable;
using Godwit.Domains;
using Godwit.Host.Create;
using Godwit.Host.Relocate;
using Godwit.Host.Supervise;
using Godwit.Hypervisors;
using Godwit.Pool;
using Godwit.Pool.Journal;
using Godwit.Pool.Ownership;
using Godwit.Relocation.Source;
using Godwit.Storage;
using Microsoft.Extensions.Logging;

namespace Godwit.Host.Recover;

/// <summary>Carries out what <see cref="Recovery"/> says of one copy that was found.</summary>
internal sealed class CopySettling(
    HostParts parts, Found found, IDomainCopy copy, ConcurrentDictionary<string, string> waits, Action<StartedDomain, CopyPhase> keep)
{
    private static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(10);
    private readonly ILogger _log = parts.Logs.CreateLogger<CopySettling>();
    private readonly string _name = copy.Order.Spec.Name;
    private readonly JournalEntry? _entry = found.EntryOf(copy);
    private ImmutableArray<AttachedDisk> _disks = found.DisksOf(copy);

    /// <returns>
    /// Whether it goes on here; null: the record or the copy says something else by now, or there is to be waited.
    /// </returns>
    public async Task<bool?> TryAsync(CancellationToken token)
    {
        var record = await parts.Records.ReadAsync(_name, token);
        var phase = (await copy.QueryAsync(token)).Phase;
        // It ended since it was found: what is left is settled as of a copy that is missing.
        if (phase == CopyPhase.Gone)
            return await DestroyAsync(token);
        var own = parts.Records.OwnEpoch(_name);
        var verdict = Recovery.JudgeCopy(parts.Name, phase, record, _entry, own);
        Log.Found(_log, _name, verdict);
        switch (verdict)
        {
            case RecoveryVerdict.Keep:
                await FollowRunStateAsync(record!, phase, token);
                // A receiver that drew the guest's frames to it has not let go of them yet.
                if (_entry is not null)
                    await SettleFramesAsync(token);
                return Keep(record!, phase);
            case RecoveryVerdict.Complete:
                return await CompleteAsync(record!, phase, token);
            case RecoveryVerdict.Reclaim:
                return await ReclaimAsync(record!.Last!.Id, token);
            case RecoveryVerdict.AbortAndKeep:
                return await AbortAsync(record!, phase, token);
            case RecoveryVerdict.AwaitOther:
                // Whoever let it run: while another host may run it too, it stands still.
                if (phase == CopyPhase.Running)
                    await copy.PauseAsync(token);
                waits[_name] = $"{record!.Owner} has taken it and has not said that it runs there";
                await Task.Delay(AskAgain, parts.Time, token);
                return null;
            case RecoveryVerdict.AwaitRegistry:
                waits[_name] = $"the registry says that it is {record!.Owner}'s under epoch {record.Epoch}, and this host has had it under epoch {own}";
                await Task.Delay(AskAgain, parts.Time, token);
                return null;
            // Its disks are to be asked yet.
            case RecoveryVerdict.Destroy when record is { RunState: RunState.Saved, Arriving: true } && record.Owner == parts.Name:
                await copy.DestroyAsync(token);
                return false;
            case RecoveryVerdict.Destroy:
            case RecoveryVerdict.LeaveAlone when await Successor.IsThereAsync(parts, null, own, _disks, token):
                return await DestroyAsync(token);
            case RecoveryVerdict.LeaveAlone:
                if (waits.TryAdd(_name, "the registry knows nothing of it; it is left alone"))
                    Log.UnknownCopy(_log, _name);
                await Task.Delay(LookAgain, parts.Time, token);
                return null;
            default:
                throw new InvalidOperationException($"{verdict} is not for copies.");
        }
    }

    // A daemon that died between the record and the engine, or the other way round, while a user paused or unpaused it.
    private async Task FollowRunStateAsync(DomainRecord record, CopyPhase phase, CancellationToken token)
    {
        if (record.RunState == RunState.Running && phase is CopyPhase.Paused or CopyPhase.Held or CopyPhase.Loaded or CopyPhase.Prepared)
            await copy.ContinueAsync(token);
        // A user's pause is recorded after it, and the end of one before it: this one was let run by somebody else meanwhile.
        else if (record.RunState == RunState.Paused && phase == CopyPhase.Running)
            await copy.PauseAsync(token);
    }

    private bool Keep(DomainRecord record, CopyPhase phase)
    {
        foreach (var port in copy.Ports)
            parts.Network.Watch(port, []);
        keep(new StartedDomain(record, copy, _disks), phase);
        return true;
    }

    private async Task<bool?> CompleteAsync(DomainRecord record, CopyPhase phase, CancellationToken token)
    {
        try
        {
            foreach (var (i, disk) in _disks.Index())
                _disks = _disks.SetItem(i, (await DiskReclaim.TakeAsync(parts, _log, disk, record.Epoch, token)).Disk);
        }
        catch (GodwitException e) when (e.Code == FenceRefusal.StaleEpoch)
        {
            Log.TryingAgain(_log, record.Name, $"fence its disks under epoch {record.Epoch}", e);
            await Task.Delay(AskAgain, parts.Time, token);
            return null;
        }
        if (_entry is { Side: JournalSide.Destination })
            await parts.Journal.WriteAsync(_entry with { Step = DestinationSite.LetRun }, token);
        // A guest that has run and ended since has an end to be followed, and is not to be let run again.
        var ended = phase is CopyPhase.ShutOff or CopyPhase.Crashed;
        var state = record.RunState != RunState.Saved ? record.RunState : phase == CopyPhase.Paused ? RunState.Paused : RunState.Running;
        if (state == RunState.Running && !ended)
            await copy.ContinueAsync(token);
        var arrived = await parts.Records.ChangeAsync(
            record.Name,
            r => r.Owner == parts.Name && r.Epoch == record.Epoch && r is { Arriving: false, RunState: not RunState.Saved },
            r => r.RunState == RunState.Saved ? Transitions.Wake(r, parts.Name, record.Epoch, state) : Transitions.Arrive(r, parts.Name, record.Epoch),
            token);
        await SettleFramesAsync(token);
        return Keep(arrived ?? record, ended ? phase : CopyPhase.Running);
    }

    private async Task<bool?> AbortAsync(DomainRecord record, CopyPhase phase, CancellationToken token)
    {
        // Once held, it may have been handed over: then the disks decide, under a new epoch.
        if (record.Intent is { } intent)
        {
            var relocation = new RelocationRegistry(parts.Records, parts.Registry, record.Name, intent, record.Epoch);
            if (!await relocation.AbortAsync(handedOver: phase == CopyPhase.Held, token) || phase == CopyPhase.Held)
                return null;
        }
        await copy.CancelSendAsync(token);
        phase = (await copy.QueryAsync(token)).Phase;
        await FollowRunStateAsync(record, phase, token);
        await SettleFramesAsync(token);
        return Keep((await parts.Records.ReadAsync(record.Name, token))!, phase);
    }

    private async Task<bool?> ReclaimAsync(Guid relocation, CancellationToken token)
    {
        (var memory, _disks) = await new DiskReclaim(parts, _name, relocation).RunAsync(_disks, token);
        if (memory == HeldMemory.Superseded)
            return null;
        var record = await parts.Records.ReadAsync(_name, token);
        if (record is null || record.Owner != parts.Name)
            return null;
        if (memory == HeldMemory.Stale)
            return await DestroyAsync(token);
        if (record.RunState == RunState.Running)
            await copy.ContinueAsync(token);
        await SettleFramesAsync(token);
        return Keep(record, CopyPhase.Running);
    }

    private async Task<bool> DestroyAsync(CancellationToken token)
    {
        await copy.DestroyAsync(token);
        foreach (var disk in _disks)
            await parts.Disks.DetachAsync(disk, token);
        return false;
    }

    private async Task SettleFramesAsync(CancellationToken token)
    {
        foreach (var port in copy.Ports)
        {
            await parts.Network.AnnounceAsync(port, [], token);
            await parts.Network.SettleAsync(port, [], token);
        }
    }
}
