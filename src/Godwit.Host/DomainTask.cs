using System.Threading.Channels;
using Godwit.Domains;
using Godwit.Host.Create;
using Godwit.Host.Recover;
using Godwit.Host.Relocate;
using Godwit.Host.Supervise;
using Godwit.Hypervisors;
using Godwit.Pool;
using Godwit.Pool.Ownership;
using Godwit.Relocation;
using Godwit.Relocation.Protocol;
using Godwit.Relocation.Source;
using Microsoft.Extensions.Logging;
using Pipe = System.Threading.Channels.Channel;

namespace Godwit.Host;

/// <summary>
/// The one task that changes a domain on this host. Requests, events of the copy and the end of a relocation come to
/// it through one queue and are carried out one at a time.
/// <code>
///            relocate               completed
///  Settled ───────────► MovingAway ───────────► (gone)
///     ▲  ▲                  │ any other ending
///     │  └──────────────────┘
///     │ restart     destroy, guest ended
///     └───────────────────────────────────────► Ending ──► (gone)
/// </code>
/// </summary>
internal sealed class DomainTask
{
    private readonly HostParts _parts;
    private readonly DomainStarter _starter;
    private readonly ILogger _log;
    private readonly Channel<DomainItem> _inbox = Pipe.CreateUnbounded<DomainItem>(new() { SingleReader = true });
    private StartedDomain _domain;
    private CopyPhase _phase;
    private SourceRun? _run;
    private Task _runTask = Task.CompletedTask;
    private bool _watching;
    private readonly FailurePause _failures = new();
    private CopyEvent? _endedWhileMoving;
    private bool _endFollowed;
    private bool _gone;

    public DomainTask(HostParts parts, DomainStarter starter, StartedDomain domain, CopyPhase phase)
    {
        (_parts, _starter, _domain, _phase) = (parts, starter, domain, phase);
        _endFollowed = phase is CopyPhase.ShutOff or CopyPhase.Crashed;
        _log = parts.Logs.CreateLogger<DomainTask>();
    }

    public string Name => _domain.Record.Name;

    public long Epoch => _domain.Record.Epoch;

    public DomainActivity Activity { get; private set; } = DomainActivity.Settled;

    public RelocationTicket? Ticket { get; private set; }

    /// <summary>The domain runs elsewhere or is ended; only its remains are cleared away here.</summary>
    public bool IsLeaving => Activity == DomainActivity.Ending || Ticket?.Result is { Succeeded: true };

    /// <summary>Ends once this host has nothing of the domain any more, or the daemon ends.</summary>
    public Task RunAsync(CancellationToken cancellationToken) => Serial.RunAsync(async () =>
    {
        try
        {
            PumpEvents(_domain.Copy, cancellationToken);
            // An earlier daemon heard of it, if any did.
            if (_phase == CopyPhase.IoError)
                Watch(failed: true, cancellationToken);
            while (!_gone)
            {
                var item = await _inbox.Reader.ReadAsync(cancellationToken);
                await TakeAsync(item, cancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
            // The daemon ends; the domain goes on.
        }
        finally
        {
            _inbox.Writer.Complete();
            while (_inbox.Reader.TryRead(out var left))
                left.Refuse(NoSuchDomain(Name));
            await _runTask.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            await _domain.Copy.DisposeAsync();
        }
    });

    /// <summary>It stands still because a user wants it to: its disks, of which it asks nothing, cannot tell it of a successor.</summary>
    public bool IsPaused => Activity == DomainActivity.Settled && _domain.Record.RunState == RunState.Paused;

    /// <summary>Another host may have the domain by now: it is to look.</summary>
    public void Doubt() => _inbox.Writer.TryWrite(new DomainItem.Doubted(_domain.Copy));

    /// <summary>Another host had the domain, and it was taken over for this one, which still has a copy of it.</summary>
    public void TakeBack(DomainRecord record) => _inbox.Writer.TryWrite(new DomainItem.TakenBack(_domain.Copy, record));

    /// <summary>Has it follow an event that its copy could not report.</summary>
    public void Tell(CopyEvent @event) => _inbox.Writer.TryWrite(new DomainItem.Happened(_domain.Copy, @event));

    public Task AskAsync(DomainRequest request, CancellationToken cancellationToken) =>
        EnqueueAsync(new DomainItem.Request(request), cancellationToken);

    public async Task<RelocationTicket> RelocateAsync(string destination, RelocationOptions options, CancellationToken cancellationToken)
    {
        var item = new DomainItem.Relocate(destination, options);
        await EnqueueAsync(item, cancellationToken);
        return await item.Ticket.Task;
    }

    public async Task<DomainView> ViewAsync(CancellationToken cancellationToken)
    {
        var (record, copy, disks) = (_domain.Record, _domain.Copy, _domain.Disks);
        CopyStatus? status;
        try
        {
            status = await copy.QueryAsync(cancellationToken);
        }
        catch (Exception e) when (e is IOException or GodwitException)
        {
            // Between the end of the engine's process and the task that hears of it.
            status = null;
        }
        return new DomainView(record, status, Activity, Activity == DomainActivity.MovingAway ? Ticket?.Id : null,
            _parts.Records.Waiting.GetValueOrDefault(Name)?.ToString())
        {
            Unfenced = [.. disks.Where(disk => !disk.ReadOnly && !disk.Disk.Fenced).Select(disk => disk.Disk)],
        };
    }

    public Task<Stream> OpenConsoleAsync(CancellationToken cancellationToken) => _domain.Copy.OpenConsoleAsync(cancellationToken);

    public static GodwitException NoSuchDomain(string name) =>
        new("no-such-domain", $"There is no domain {name} on this host.", "`godwit list` shows the domains of the pool.");

    private async Task EnqueueAsync(DomainItem item, CancellationToken cancellationToken)
    {
        if (!_inbox.Writer.TryWrite(item))
            throw NoSuchDomain(Name);
        await item.Done.Task.WaitAsync(cancellationToken);
    }

    private async Task TakeAsync(DomainItem item, CancellationToken token)
    {
        try
        {
            switch (item)
            {
                case DomainItem.Request request:
                    await CarryOutAsync(request.What, token);
                    break;
                case DomainItem.Relocate request:
                    request.Ticket.SetResult(await BeginRelocationAsync(request, token));
                    break;
                case DomainItem.Happened happened:
                    // What an earlier copy had still to say is not about this one.
                    if (ReferenceEquals(happened.Copy, _domain.Copy))
                        await TakeAsync(happened.Event, token);
                    break;
                case DomainItem.RelocationEnded ended:
                    await TakeEndAsync(ended, token);
                    break;
                case DomainItem.Doubted doubted:
                    if (ReferenceEquals(doubted.Copy, _domain.Copy) && Activity == DomainActivity.Settled)
                        Watch(failed: false, token);
                    break;
                case DomainItem.TakenBack back:
                    if (ReferenceEquals(back.Copy, _domain.Copy) && Activity == DomainActivity.Settled && back.Record.Epoch > Epoch)
                        await ReclaimAsync(back.Record, token);
                    break;
                case DomainItem.Watched watched:
                    await TakeWatchAsync(watched, token);
                    break;
                default:
                    throw new ArgumentOutOfRangeException(nameof(item), item, "No such item.");
            }
            item.Done.TrySetResult();
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            if (e is not GodwitException)
                Log.TaskFailed(_log, Name, e);
            item.Refuse(e);
        }
    }

    private async Task CarryOutAsync(DomainRequest request, CancellationToken token)
    {
        if (!await AllowedAsync(request, token))
            return;
        switch (request)
        {
            case DomainRequest.Shutdown:
                await _domain.Copy.RequestShutdownAsync(token);
                break;
            case DomainRequest.Reboot:
                await _domain.Copy.RebootAsync(token);
                break;
            case DomainRequest.Pause:
                await _domain.Copy.PauseAsync(token);
                await SetRunStateAsync(RunState.Paused, token);
                break;
            case DomainRequest.Unpause:
                await SetRunStateAsync(RunState.Running, token);
                await _domain.Copy.ContinueAsync(token);
                break;
            case DomainRequest.Destroy:
                await EndAsync(token);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(request), request, "It is not carried out here.");
        }
    }

    /// <summary>False: it is so already. A refusal is thrown.</summary>
    private async Task<bool> AllowedAsync(DomainRequest request, CancellationToken token)
    {
        if (_phase is not (CopyPhase.Crashed or CopyPhase.Gone or CopyPhase.ShutOff))
            _phase = (await _domain.Copy.QueryAsync(token)).Phase;
        return RequestPolicy.Judge(request, Activity, _phase) switch
        {
            Verdict.AlreadySo => false,
            Verdict.Refused refused => throw RequestPolicy.Explain(Name, request, refused.Reason),
            _ => true,
        };
    }

    private async Task TakeAsync(CopyEvent @event, CancellationToken token)
    {
        _run?.Observe(@event);
        if (@event is not CopyEvent.RoundBegan)
            Log.Happened(_log, Name, @event.GetType().Name);
        if (@event is CopyEvent.DiskFailed or CopyEvent.Stopped && Activity == DomainActivity.Settled)
            Watch(@event is CopyEvent.DiskFailed, token);
        if (GuestEnd.Judge(_domain.Record.Spec, @event) is not { } end)
            return;
        if (Activity == DomainActivity.MovingAway)
            _endedWhileMoving ??= @event;
        else
            await FollowAsync(end.Action, end.Kept, token);
    }

    // A guest that was stopped, and not by this task, was stopped by a disk: because it failed, or because another host
    // has the domain by now. What happens while this is looked into is looked at when that ends.
    private void Watch(bool failed, CancellationToken token)
    {
        if (_watching)
            return;
        _watching = true;
        _ = WatchAsync(_domain.Copy, failed ? _failures.Next(_parts.Time.GetUtcNow()) : null, token);
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
        else if (_domain.Record.RunState != RunState.Running || (await _domain.Copy.QueryAsync(token)).Phase != CopyPhase.IoError)
            return;
        else if (!current || watched.Found is not StopFinding.DisksAnswer || !await TryGoOnAsync(token))
            Watch(failed: true, token);
    }

    private async Task<bool> TryGoOnAsync(CancellationToken token)
    {
        try
        {
            await _domain.Copy.ContinueAsync(token);
            return true;
        }
        catch (Exception e) when (e is GodwitException or IOException)
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

    private async Task FollowAsync(LifecycleAction action, RunState kept, CancellationToken token)
    {
        // An engine that ended after its guest has nothing more to tell.
        if (_endFollowed)
            return;
        _endFollowed = true;
        switch (action)
        {
            case LifecycleAction.Destroy:
                await EndAsync(token);
                break;
            case LifecycleAction.Preserve:
                _phase = kept == RunState.Crashed ? CopyPhase.Crashed : CopyPhase.ShutOff;
                await SetRunStateAsync(kept, token);
                break;
            case LifecycleAction.Restart:
                await StartColdAsync(token);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(action), action, "No such action.");
        }
    }

    /// <summary>Throws the copy away and follows the policy: a new start, or a record that says crashed.</summary>
    private async Task StartColdAsync(CancellationToken token)
    {
        Activity = DomainActivity.Starting;
        var old = _domain.Copy;
        await ClearAsync(token);
        if (await new ColdStart(_parts, _starter).RunAsync(_domain.Record, token) is { } started)
        {
            _domain = started;
            _phase = CopyPhase.Running;
            _endFollowed = false;
            PumpEvents(_domain.Copy, token);
            await old.DisposeAsync();
        }
        else if (await _parts.Records.ReadAsync(Name, token) is { } record && record.Owner == _parts.Name)
        {
            _phase = CopyPhase.Crashed;
            _endFollowed = true;
            _domain = _domain with { Record = record };
        }
        else
        {
            _gone = true;
        }
        Activity = DomainActivity.Settled;
    }

    /// <summary>Ends the domain: no copy, no attachment, no record.</summary>
    private async Task EndAsync(CancellationToken token)
    {
        Activity = DomainActivity.Ending;
        await ClearAsync(token);
        await _parts.Records.RemoveAsync(Name, record => record.Owner == _parts.Name, token);
        _gone = true;
    }

    private async Task ClearAsync(CancellationToken token)
    {
        foreach (var port in _domain.Copy.Ports)
            _parts.Network.Unwatch(port);
        await _domain.Copy.DestroyAsync(token);
        foreach (var disk in _domain.Disks)
            await _parts.Disks.DetachAsync(disk, token);
    }

    private async Task SetRunStateAsync(RunState state, CancellationToken token)
    {
        var epoch = _domain.Record.Epoch;
        var record = await _parts.Records.ChangeAsync(
            Name,
            r => r.Owner == _parts.Name && r.Epoch == epoch && r.RunState == state,
            r => Transitions.SetRunState(r, _parts.Name, epoch, state),
            token);
        if (record is not null)
            _domain = _domain with { Record = record };
    }

    private async Task<RelocationTicket> BeginRelocationAsync(DomainItem.Relocate request, CancellationToken token)
    {
        await AllowedAsync(DomainRequest.Relocate, token);
        var began = _parts.Time.GetUtcNow();
        var (id, record) = (_parts.Resources.NewId(), _domain.Record);
        await RelocationTarget.CheckAsync(_parts, request.Destination, token);
        var registry = new RelocationRegistry(
            _parts.Records, _parts.Registry, Name, new RelocationIntent(id, _parts.Name, request.Destination), record.Epoch);
        var offer = new RelocationOffer
        {
            RelocationId = id,
            From = _parts.Name,
            To = request.Destination,
            Spec = record.Spec,
            Pin = _domain.Copy.Order.Pin,
            EngineVersion = _parts.Hypervisor.Facts.Version,
            Epoch = record.Epoch,
            RunState = record.RunState,
            Disks = [.. _domain.Disks.Select(disk =>
                new OfferedDisk(disk.Disk.Name, disk.Disk.SizeBytes, disk.Disk.Kind != Storage.DiskKind.File))],
            KernelDigest = record.Boot?.KernelDigest,
            RamdiskDigest = record.Boot?.RamdiskDigest,
            Now = began,
        };
        var site = new SourceSite(_parts, _domain, offer, registry);
        var ticket = new RelocationTicket(id, Name, _parts.Name, request.Destination, began);
        var run = new SourceRun(site, _parts.Dialer, ticket, request.Options, _parts.Time, _parts.Logs.CreateLogger<SourceRun>(), _parts.Failpoints);
        (_run, Ticket, Activity) = (run, ticket, DomainActivity.MovingAway);
        _runTask = FollowAsync(run, site, token);
        return ticket;
    }

    private async Task FollowAsync(SourceRun run, SourceSite site, CancellationToken token)
    {
        var result = await run.RunAsync(token);
        _inbox.Writer.TryWrite(new DomainItem.RelocationEnded(run, site, result));
    }

    private async Task TakeEndAsync(DomainItem.RelocationEnded ended, CancellationToken token)
    {
        _run = null;
        Log.RelocationEnded(_log, Name, ended.Result.Message);
        await _parts.ForgetAsync(ended.Site.Entry, _log);
        if (!ended.Run.KeptHere)
        {
            _gone = true;
            return;
        }
        Activity = DomainActivity.Settled;
        _domain = _domain with { Disks = ended.Site.Disks };
        var record = await _parts.Records.ReadAsync(Name, token);
        if (record?.Owner != _parts.Name)
            Doubt();
        // One that arrives was taken over meanwhile, and is still to be taken back; a copy whose memory is stale is not.
        else if (!record.Arriving || ended.Run.MemoryIsStale)
            _domain = _domain with { Record = record };
        if (ended.Run.MemoryIsStale)
        {
            await StartColdAsync(token);
            return;
        }
        if (_endedWhileMoving is not { } @event || GuestEnd.Judge(_domain.Record.Spec, @event) is not { } end)
        {
            // A disk that failed meanwhile was no concern of the move's.
            if ((await _domain.Copy.QueryAsync(token)).Phase == CopyPhase.IoError)
                Watch(failed: true, token);
            return;
        }
        _endedWhileMoving = null;
        await FollowAsync(end.Action, end.Kept, token);
    }

    // Each copy has its own pump; it ends with the copy's channel.
    private async void PumpEvents(IDomainCopy copy, CancellationToken token)
    {
        try
        {
            while (await copy.Events.WaitToReadAsync(token))
            {
                while (copy.Events.TryRead(out var @event))
                    _inbox.Writer.TryWrite(new DomainItem.Happened(copy, @event));
            }
        }
        catch (OperationCanceledException)
        {
            // The daemon ends; the domain goes on.
        }
    }
}
