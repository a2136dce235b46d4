using System.Threading.Channels;
using Godwit.Domains;
using Godwit.Host.Create;
using Godwit.Host.Save;
using Godwit.Host.Supervise;
using Godwit.Hypervisors;
using Godwit.Pool;
using Godwit.Pool.Ownership;
using Godwit.Relocation;
using Godwit.Relocation.Source;
using Godwit.Storage;
using Microsoft.Extensions.Logging;
using Pipe = System.Threading.Channels.Channel;

namespace Godwit.Host;

/// <summary>
/// The one task that changes a domain on this host. Requests, events of the copy and the end of a relocation come to
/// it through one queue and are carried out one at a time.
/// <code>
///            relocate               completed
///  Settled ───────────► MovingAway ───────────► (gone)
///     ▲  ▲ │                │ any other ending
///     │  ├─┼────────────────┘
///     │  │ │ save                   saved
///     │  │ └──────────► Saving ───────────────► (gone)
///     │  └────────────────┘ any other ending
///     │ restart     destroy, guest ended
///     └───────────────────────────────────────► Ending ──► (gone)
/// </code>
/// </summary>
internal sealed partial class DomainTask
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
    private readonly FailurePause _failures;
    private SaveRun? _saving;
    private CopyEvent? _endedMeanwhile;
    private bool _endFollowed;
    private volatile bool _gone;

    public DomainTask(HostParts parts, DomainStarter starter, StartedDomain domain, CopyPhase phase)
    {
        (_parts, _starter, _domain, _phase) = (parts, starter, domain, phase);
        _failures = new FailurePause(parts.Time);
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
            await KeepPausedAsync(cancellationToken);
            await KeepSizeAsync(cancellationToken);
            while (!_gone)
            {
                var item = await _inbox.Reader.ReadAsync(cancellationToken);
                await TakeAsync(item, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The daemon ends; the domain goes on.
        }
        finally
        {
            _inbox.Writer.Complete();
            while (_inbox.Reader.TryRead(out var left))
                left.Refuse(NoSuchDomain(Name));
            await _runTask.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            _saveAsked?.Ended.TrySetCanceled(cancellationToken);
            await _domain.Copy.DisposeAsync();
        }
    });

    /// <summary>
    /// Its disks cannot tell it of a successor: it was paused, or has ended and is kept for a look, and asks nothing of them; or it
    /// asks nothing for a while, and one of them is served by the kernel, which asks nothing by itself.
    /// </summary>
    public bool HearsNothing => Activity == DomainActivity.Settled
        && (_domain.Record.RunState != RunState.Running || HasEnded || _domain.Disks.Any(disk => disk is { KernelDevice: true, ReadOnly: false }));

    /// <summary>The domain has ended here, or left, and only this task is still to be cleared away.</summary>
    public bool HasGone => _gone;

    /// <summary>Another host may have the domain by now: it is to look.</summary>
    public void Doubt() => _inbox.Writer.TryWrite(new DomainItem.Doubted(_domain.Copy));

    /// <summary>Another host had the domain, and it was taken over for this one, which still has a copy of it.</summary>
    public void TakeBack(DomainRecord record) => _inbox.Writer.TryWrite(new DomainItem.TakenBack(_domain.Copy, record));

    /// <summary>Has it follow an event that its copy could not report.</summary>
    public void Tell(CopyEvent @event) => _inbox.Writer.TryWrite(new DomainItem.Happened(_domain.Copy, @event));

    public Task AskAsync(DomainRequest request, CancellationToken cancellationToken) =>
        EnqueueAsync(new DomainItem.Request(request), cancellationToken);

    public Task GrowDisksAsync(VolumeName volume, long sizeBytes, CancellationToken cancellationToken) =>
        EnqueueAsync(new DomainItem.GrowDisks(volume, sizeBytes), cancellationToken);

    public Task ResizeAsync(HardwareChange change, CancellationToken cancellationToken) =>
        EnqueueAsync(new DomainItem.Resize(change), cancellationToken);

    public async Task<RelocationTicket> RelocateAsync(string destination, RelocationOptions options, CancellationToken cancellationToken)
    {
        var item = new DomainItem.Relocate(destination, options);
        await EnqueueAsync(item, cancellationToken);
        return await item.Ticket.Task;
    }

    public async Task<DomainView> ViewAsync(CancellationToken cancellationToken)
    {
        var (domain, copy) = (_domain, _domain.Copy);
        CopyStatus? status;
        try
        {
            status = await copy.QueryAsync(cancellationToken);
        }
        catch (Exception e) when (Failure.IsForeseen(e, cancellationToken))
        {
            // Between the end of the engine's process and the task that hears of it.
            status = null;
        }
        return new DomainView(domain.Record, status, Activity, Activity == DomainActivity.MovingAway ? Ticket?.Id : null,
            _parts.Records.Waiting.GetValueOrDefault(Name)?.ToString())
        {
            Unfenced = domain.Unfenced,
        };
    }

    public Task<Stream> OpenConsoleAsync(CancellationToken cancellationToken) => _domain.Copy.OpenConsoleAsync(cancellationToken);

    public static GodwitException NoSuchDomain(string name) =>
        new("no-such-domain", $"There is no domain {name} on this host.", "`godwit list` shows the domains of the pool.");

    // Whoever asked would take the word of a driver's limit for an end of their own.
    private GodwitException NotInTime(Exception e) =>
        new("not-in-time", $"What {Name} was to do did not end in time.", $"See `godwit info {Name}` and the log of godwitd, and try again.", e);

    private bool HasEnded => _phase is CopyPhase.ShutOff or CopyPhase.Crashed;

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
                case DomainItem.Save request:
                    await BeginSaveAsync(request, token);
                    break;
                case DomainItem.SaveEnded ended:
                    await TakeSaveEndAsync(ended, token);
                    break;
                case DomainItem.GrowDisks grown:
                    await GrowAsync(grown, token);
                    break;
                case DomainItem.Resize resize:
                    await CarryOutAsync(resize.Change, token);
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
        catch (Exception e) when (!Failure.IsEnd(e, token))
        {
            if (e is not GodwitException)
                Log.TaskFailed(_log, Name, e);
            item.Refuse(e is OperationCanceledException ? NotInTime(e) : e);
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
                if (!await SetRunStateAsync(RunState.Paused, token))
                {
                    await _domain.Copy.ContinueAsync(token);
                    throw TakenMeanwhile();
                }
                break;
            case DomainRequest.Unpause:
                if (!await SetRunStateAsync(RunState.Running, token))
                    throw TakenMeanwhile();
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
        if (!HasEnded && _phase != CopyPhase.Gone)
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
        _saving?.Observe(@event);
        if (@event is not CopyEvent.RoundBegan)
            Log.Happened(_log, Name, @event.GetType().Name);
        if (@event is CopyEvent.DiskFailed or CopyEvent.Stopped && Activity == DomainActivity.Settled)
            Watch(@event is CopyEvent.DiskFailed, token);
        if (@event is CopyEvent.Resumed && Activity == DomainActivity.Settled)
            await KeepPausedAsync(token);
        if (GuestEnd.Judge(_domain.Record.Spec, @event) is not { } end)
            return;
        if (Activity is DomainActivity.MovingAway or DomainActivity.Saving)
            _endedMeanwhile ??= @event;
        else
            await FollowAsync(end.Action, end.Kept, token);
    }

    // First the disk, then the engine: it asks the disk.
    private async Task GrowAsync(DomainItem.GrowDisks grown, CancellationToken token)
    {
        for (var i = 0; i < _domain.Disks.Length; i++)
        {
            var disk = _domain.Disks[i];
            if (disk.Disk.Kind != DiskKind.PoolVolume || disk.Disk.Name != grown.Volume.ToString())
                continue;
            if (Activity != DomainActivity.Settled)
                throw new GodwitException(StorageErrors.DomainMoves, $"{Name} is moving or ending.", "Try again when it has arrived.");
            disk = await _parts.Disks.GrowAsync(disk, grown.SizeBytes, token);
            _domain = _domain with { Disks = _domain.Disks.SetItem(i, disk) };
            // One that has ended is kept for a look, and asks nothing of its disks.
            if (!HasEnded)
                await _domain.Copy.GrowDiskAsync(i, grown.SizeBytes, token);
        }
    }

    // The record is another's, or was put back to an older one: what the copy does stays as it was until that is known.
    private GodwitException TakenMeanwhile()
    {
        Doubt();
        return new("domain-was-taken", $"The record of {Name} is not {_parts.Name}'s under epoch {Epoch} any more.", $"See `godwit info {Name}`, and try again.");
    }

    /// <summary>False: the record is not this host's any more.</summary>
    private async Task<bool> SetRunStateAsync(RunState state, CancellationToken token)
    {
        var epoch = _domain.Record.Epoch;
        var record = await _parts.Records.ChangeAsync(
            Name,
            r => r.Owner == _parts.Name && r.Epoch == epoch && r.RunState == state,
            r => Transitions.SetRunState(r, _parts.Name, epoch, state),
            token);
        if (record is not null)
            _domain = _domain with { Record = record };
        return record is not null;
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
        catch (OperationCanceledException) when (token.IsCancellationRequested)
        {
            // The daemon ends; the domain goes on.
        }
        catch (Exception e)
        {
            // It goes on; only what it does by itself is not heard any more.
            Log.TaskFailed(_log, Name, e);
        }
    }
}
