using Godwit.Domains;
using Godwit.Host.Recover;
using Godwit.Host.Supervise;
using Godwit.Hypervisors;
using Godwit.Pool;
using Godwit.Relocation.Source;

namespace Godwit.Host;

/// <content>A guest that stopped, goes on, or may have a successor, though nobody here told it to.</content>
internal sealed partial class DomainTask
{
    // A guest that was stopped, and not by this task, was stopped by a disk: because it failed, or because another host
    // has the domain by now. What happens while this is looked into is looked at when that ends.
    private void Watch(bool failed, CancellationToken token)
    {
        if (_watching)
            return;
        _watching = true;
        _ = WatchAsync(_domain.Copy, failed ? _failures.Next() : null, token);
    }

    private async Task WatchAsync(IDomainCopy copy, TimeSpan? diskFailed, CancellationToken token)
    {
        StopFinding found = new StopFinding.Ours();
        try
        {
            found = await new StopWatch(_parts, _domain).RunAsync(diskFailed, token);
        }
        catch (OperationCanceledException) when (token.IsCancellationRequested)
        {
            // The daemon ends; the next one finds the copy as it is.
        }
        catch (Exception e)
        {
            Log.TaskFailed(_log, Name, e);
        }
        _inbox.Writer.TryWrite(new DomainItem.Watched(copy, found));
    }

    private async Task TakeWatchAsync(DomainItem.Watched watched, CancellationToken token)
    {
        _watching = false;
        if (Activity != DomainActivity.Settled)
            return;
        var current = ReferenceEquals(watched.Copy, _domain.Copy);
        if (current && watched.Found is StopFinding.Superseded { By: var by })
            await LeaveAsync(by, token);
        else if (current && watched.Found is StopFinding.TakenBack { Record: var record } && record.Epoch > Epoch)
            await ReclaimAsync(record, token);
        else if (HasEnded)
            await KeepEndedAsync(token);
        else if (_domain.Record.RunState == RunState.Paused)
            await KeepPausedAsync(token);
        else if (_domain.Record.RunState != RunState.Running || (await _domain.Copy.QueryAsync(token)).Phase != CopyPhase.IoError)
            return;
        else if (!current || watched.Found is not StopFinding.DisksAnswer || !await TryGoOnAsync(token))
            Watch(failed: true, token);
    }

    // A record that was another's, or an older one, when the guest ended has not heard of it.
    private async Task KeepEndedAsync(CancellationToken token)
    {
        var kept = _phase == CopyPhase.Crashed ? RunState.Crashed : RunState.ShutOff;
        if (_domain.Record.RunState != kept && _endFollowed)
            await SetRunStateAsync(kept, token);
    }

    // A user's pause is recorded after it, and the end of one before it: a copy that runs under a record that says paused was
    // let run past this task, by a monitor of its engine. It stays as its user left it; what fails is repeated at the next look.
    private async Task KeepPausedAsync(CancellationToken token)
    {
        if (_domain.Record.RunState != RunState.Paused)
            return;
        try
        {
            if ((await _domain.Copy.QueryAsync(token)).Phase != CopyPhase.Running)
                return;
            Log.PausedAgain(_log, Name);
            await _domain.Copy.PauseAsync(token);
        }
        catch (Exception e) when (Failure.IsForeseen(e, token))
        {
            Log.TryingAgain(_log, Name, "pause it again", e);
        }
    }

    private async Task<bool> TryGoOnAsync(CancellationToken token)
    {
        try
        {
            await _domain.Copy.ContinueAsync(token);
            return true;
        }
        catch (Exception e) when (Failure.IsForeseen(e, token))
        {
            Log.TryingAgain(_log, Name, "let it go on", e);
            return false;
        }
    }

    private async Task LeaveAsync(DomainRecord? by, CancellationToken token)
    {
        Log.Superseded(_log, Name, by?.Owner ?? "nobody", by?.Epoch ?? 0);
        Activity = DomainActivity.Ending;
        await ClearAsync(token);
        _gone = true;
    }

    private async Task ReclaimAsync(DomainRecord taken, CancellationToken token)
    {
        if (taken.Last is not { } last)
            return;
        // What it was before somebody else had the disks it may not write to them once they are this host's again.
        if ((await _domain.Copy.QueryAsync(token)).Phase == CopyPhase.Running)
            await _domain.Copy.PauseAsync(token);
        var (memory, disks) = await new DiskReclaim(_parts, Name, last.Id).RunAsync(_domain.Disks, token);
        _domain = _domain with { Disks = disks };
        if (await _parts.Records.ReadAsync(Name, token) is not { } record || record.Owner != _parts.Name || memory == HeldMemory.Superseded)
            return; // Taken by somebody else: the disks, or the next look at the record, tell.
        _domain = _domain with { Record = record };
        if (memory == HeldMemory.Stale)
            await StartColdAsync(token);
        else if (record.RunState == RunState.Running)
            await _domain.Copy.ContinueAsync(token);
    }
}
