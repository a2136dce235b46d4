using System.Threading.Channels;
using Godwit.Domains;
using Godwit.Hypervisors;
using Godwit.Relocation.Channel;
using Godwit.Relocation.Protocol;
using Microsoft.Extensions.Logging;
using Pipe = System.Threading.Channels.Channel;

namespace Godwit.Relocation.Source;

/// <summary>
/// Drives <see cref="SourceMachine"/>: carries out its actions and feeds back what came of them. All of it runs on
/// one logical thread; what takes long runs beside the loop and reports by an event.
/// </summary>
public sealed class SourceRun
{
    private static readonly TimeSpan ReadAgain = TimeSpan.FromMilliseconds(500);
    private readonly ISourceSite _site;
    private readonly RelocationTicket _ticket;
    private readonly RelocationOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly IFailpoints? _failpoints;
    private readonly Channel<SourceEvent> _events = Pipe.CreateUnbounded<SourceEvent>(new() { SingleReader = true });
    private readonly BesideTasks _beside;
    private readonly DowntimeStamps _stamps = new();
    private readonly SteadyClock _clock;
    private readonly ClockOffset _offset;
    private readonly ProbeWatch _probes;
    private readonly SendWatch _progress;
    private readonly SourceEngine _engine;
    private readonly SourceLine _line;
    private SourceState _state = SourceMachine.Initial;
    private bool _seenHeld, _saidClocks;
    private TimeSpan _readSoon = TimeSpan.FromMilliseconds(20);

    /// <summary>As the engine tells it, by the wall clock, which is also that of the frames. A guest that stood already has had nothing since.</summary>
    private DateTimeOffset _stopped = DateTimeOffset.MinValue;

    public SourceRun(
        ISourceSite site, IRelocationDialer dialer, RelocationTicket ticket, RelocationOptions options, TimeProvider time, ILogger log,
        IFailpoints? failpoints = null)
    {
        (_site, _ticket, _options, _time, _log, _failpoints) = (site, ticket, options, time, log, failpoints);
        _clock = new SteadyClock(time);
        _offset = new ClockOffset(_clock);
        _probes = new ProbeWatch(site, time);
        _progress = new SendWatch(site.Copy, ticket, _clock, time);
        _engine = new SourceEngine(site, options, time, log, Post);
        _line = new SourceLine(site, dialer, _offset, NoteClocks, _engine.TakeAsync, Post);
        _beside = new BesideTasks(ticket.Domain, log, e => Post(e is ChannelException ? new SourceEvent.ChannelLost(e.Message) : new SourceEvent.SendFailed(e.Message)));
    }

    /// <summary>Whether the copy may run on this host when this relocation has ended.</summary>
    public bool KeptHere { get; private set; } = true;

    /// <summary>The domain is this host's, and the copy's memory is to be thrown away: it starts cold.</summary>
    public bool MemoryIsStale { get; private set; }

    /// <summary>Takes an event of the copy; the task that owns the domain passes them on.</summary>
    public void Observe(CopyEvent @event)
    {
        switch (@event)
        {
            case CopyEvent.Stopped e:
                // Of the move's own stop, and not of a stray copy's.
                if (!_seenHeld)
                    (_stopped, _stamps.Stopped) = (e.At, _clock.Of(e.At));
                NoteFrames();
                break;
            case CopyEvent.RoundBegan e:
                _progress.Round = e.Round;
                NoteFrames();
                break;
            case CopyEvent.SwitchoverReady:
                Post(new SourceEvent.SwitchoverReady(_probes.AnsweredJustNow));
                break;
            case CopyEvent.MemorySent e:
                _stamps.MemorySent = _clock.Of(e.At);
                break;
            case CopyEvent.Held:
                _seenHeld = true;
                Post(new SourceEvent.Held());
                break;
            // By what was seen and not by the phase, which may still be to hear of it. What this side lets run is let run last.
            case CopyEvent.Resumed when _seenHeld && _state.Phase != SourcePhase.Ended:
                Log.StrayResume(_log, _ticket.Domain);
                Post(new SourceEvent.StrayResume());
                break;
            case CopyEvent.SendFailed e:
                Post(new SourceEvent.SendFailed(e.Reason));
                break;
            case CopyEvent.GuestPoweredOff:
                Post(new SourceEvent.GuestEnded("the guest powered off while it was being moved"));
                break;
            // Restarting in place is the engine's work, and the move goes on; otherwise the engine has stopped it for good.
            case CopyEvent.GuestRebooted when _site.Offer.Spec.OnReboot != LifecycleAction.Restart:
                Post(new SourceEvent.GuestEnded("the guest rebooted while it was being moved, which ends it by its on_reboot"));
                break;
            case CopyEvent.GuestPanicked:
                Post(new SourceEvent.GuestEnded("the guest panicked while it was being moved"));
                break;
            case CopyEvent.Exited e:
                Post(new SourceEvent.GuestEnded($"the engine of the source ended: {e.Reason}"));
                break;
            default:
                break;
        }
    }

    private void NoteFrames()
    {
        // What is heard after the end finds nobody who would take them.
        if (_state.Phase == SourcePhase.Ended)
            return;
        _site.NoteFrames();
    }

    /// <summary>
    /// Runs the relocation to its end. Afterwards the domain runs on the destination and this host has no copy of it
    /// (<see cref="RelocationEnding.Completed"/>), or it is as it was on this host, whatever the ending.
    /// </summary>
    public async Task<RelocationResult> RunAsync(CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var token = _beside.Ends = stop.Token;
        try
        {
            if (_failpoints is not null)
                await _failpoints.ReachAsync("source.Dial", _ticket.Domain, token);
            _beside.Add(_line.RunAsync(_ticket.To, token));
            _ticket.OnCancel(() => Post(new SourceEvent.CancelAsked()));
            _beside.Add(WatchTimeAsync(token));
            while (_state.Phase != SourcePhase.Ended)
            {
                var @event = await _events.Reader.ReadAsync(token);
                var before = _state.Phase;
                (_state, var actions) = SourceMachine.Step(_state, @event);
                if (before != _state.Phase)
                    Log.SourcePhase(_log, _ticket.Domain, before, _state.Phase, @event.GetType().Name);
                foreach (var action in actions)
                {
                    if (_failpoints is not null)
                        await _failpoints.ReachAsync($"source.{action}", _ticket.Domain, token);
                    await PerformAsync(action, token);
                }
            }
        }
        finally
        {
            stop.Cancel();
            _site.ForgetFrames();
            // Before the wait, for it ends those who listen; and after, for one that was being dialled meanwhile.
            await _line.CloseAsync();
            await _beside.EndAsync();
            await _line.CloseAsync();
            await _engine.CloseAsync();
        }
        var result = MakeResult();
        _ticket.End(_progress.Last with { At = _clock.Now, Step = result.Succeeded ? RelocationStep.Confirm : _ticket.Step }, result);
        return result;
    }

    private async Task PerformAsync(SourceAction action, CancellationToken token)
    {
        switch (action)
        {
            case SourceAction.RecordIntent:
                Report(RelocationStep.Begin);
                _beside.Add(RecordIntentAsync(token));
                break;
            case SourceAction.SendPrepare:
                Report(RelocationStep.Prepare);
                _beside.Add(_line.SendPrepareAsync(token));
                _beside.Add(_engine.PrepareAsync(token));
                break;
            case SourceAction.BeginSending:
                Report(RelocationStep.PreCopy);
                _beside.Add(_probes.RunAsync(token));
                // While the guest runs, so that the flush of the stop finds little left.
                _beside.Add(_engine.FlushDisksAsync(token));
                _beside.Add(_engine.SendAsync(_line.Channel!, _line.KnowsZeros, () => _beside.Add(_progress.RunAsync(token)), token));
                break;
            case SourceAction.PermitSwitchover:
                _stamps.Permitted = _clock.Now;
                _beside.Add(_engine.PermitSwitchoverAsync(token));
                _beside.Add(_line.SayAsync(new RelocationMessage.Stopping(_site.Addresses), token));
                Report(RelocationStep.Stop);
                break;
            case SourceAction.HandOver:
                await _line.SayAsync(new RelocationMessage.Handover(), token);
                // Here, not before: the other side has loaded all, and had drawn the guest's frames to it before that.
                if (_site.TakeFrames(_stopped) is var frames && frames.Any(port => !port.IsEmpty))
                    await _line.SayAsync(new RelocationMessage.Frames(frames), token);
                Report(RelocationStep.HandOver);
                break;
            case SourceAction.CancelSending:
                await TryAsync(_engine.CancelAsync, token);
                break;
            case SourceAction.SendFailed:
                await _line.SayAsync(new RelocationMessage.Failed(_state.Reason ?? "the source gave up", _state.Remedy), token);
                break;
            case SourceAction.RecordAbort:
                _beside.Add(RecordAbortAsync(token));
                break;
            case SourceAction.ReadRecord:
                _beside.Add(ReadRecordAsync(token));
                break;
            case SourceAction.RegainDisks:
                _beside.Add(RegainAsync(token));
                break;
            case SourceAction.ResumeHeld:
                await _engine.ResumeHeldAsync(token);
                break;
            case SourceAction.ResumeIfHeld:
                await TryAsync(ResumeIfHeldAsync, token);
                break;
            case SourceAction.PauseStray:
                Report(_ticket.Step, "somebody let the held copy run; it is stopped again, and what it wrote meanwhile is on the disks");
                await TryAsync(_site.Copy.PauseAsync, token);
                break;
            case SourceAction.DiscardMemory:
                MemoryIsStale = true;
                break;
            case SourceAction.AnnounceBack:
                await TryAsync(_site.AnnounceBackAsync, token);
                break;
            case SourceAction.DestroyCopy:
                Report(RelocationStep.Confirm);
                KeptHere = false;
                await TryAsync(_site.DestroyCopyAsync, token);
                break;
            case SourceAction.Finish:
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(action), action, "No such action.");
        }
    }

    private async Task RecordIntentAsync(CancellationToken token)
    {
        try
        {
            await _site.JournalAsync(token);
        }
        catch (GodwitException e)
        {
            // What the journal does not know is not begun: there is no intent to give up.
            Post(new SourceEvent.SendFailed(e.Message));
            Post(new SourceEvent.IntentLost());
            return;
        }
        Post(await _site.Registry.BeginAsync(token) ? new SourceEvent.IntentWon() : new SourceEvent.IntentLost());
    }

    private async Task RecordAbortAsync(CancellationToken token) =>
        Post(await _site.Registry.AbortAsync(handedOver: _state.Held, token) ? new SourceEvent.AbortWon() : new SourceEvent.AbortLost());

    private async Task ReadRecordAsync(CancellationToken token)
    {
        var standing = await _site.Registry.ReadAsync(token);
        // The destination has it and is on its way: it says so itself, or the record will, a moment after its word.
        if (standing == Standing.Committed)
        {
            await Task.Delay(_line.Arrival is null ? ReadAgain : _readSoon, _time, token);
            if (_line.Arrival is not null && _readSoon < ReadAgain)
                _readSoon *= 2;
        }
        Post(new SourceEvent.RecordRead(standing));
    }

    private async Task RegainAsync(CancellationToken token)
    {
        Post(new SourceEvent.Regained(await _site.RegainDisksAsync(token)));
    }

    private async Task WatchTimeAsync(CancellationToken token)
    {
        if (_options.Timeout is not { } timeout)
            return;
        await Task.Delay(timeout, _time, token);
        Post(new SourceEvent.TimeLimitPassed());
    }

    private async Task ResumeIfHeldAsync(CancellationToken token)
    {
        // Stopping was said: the destination has drawn the guest's frames to it, and a paused guest says nothing.
        if (await _engine.ResumeIfHeldAsync(token) || _stamps.Permitted is not null)
            await _site.AnnounceBackAsync(token);
    }

    // The engine may be gone by now. The copy says so by an event of its own, which the task that owns the domain
    // follows once this has ended; the relocation goes its way meanwhile.
    private async Task TryAsync(Func<CancellationToken, Task> step, CancellationToken token)
    {
        try
        {
            await step(token);
        }
        catch (Exception e) when (!token.IsCancellationRequested)
        {
            Log.Unforeseen(_log, _ticket.Domain, e);
        }
    }

    private RelocationResult MakeResult()
    {
        var ending = _state.Ending ?? RelocationEnding.Superseded;
        var (downtime, parts) = _line.Arrival is null ? default : _stamps.Against(_line.Arrival.Times, _offset);
        var ended = _line.Arrival is null ? _clock.Now : _offset.ToSource(_line.Arrival.Times.Resumed);
        return new RelocationResult
        {
            Ending = ending,
            FaultSide = ending == RelocationEnding.Completed ? null : _state.FaultSide,
            FaultStep = ending == RelocationEnding.Completed ? null : _state.FaultStep,
            Fate = _state.Fate,
            Message = _state.Fate switch
            {
                DomainFate.OnDestination when _state.Strayed =>
                    $"{_ticket.Domain} runs on {_ticket.To}; somebody let its held copy on {_ticket.From} run, and what that wrote before the fence is on the disks",
                DomainFate.OnDestination => $"{_ticket.Domain} runs on {_ticket.To}",
                DomainFate.Elsewhere => $"{_ticket.Domain} belongs to another host by now: {_state.Reason}",
                DomainFate.Cold => $"{_ticket.Domain} starts cold on {_ticket.From}, for {_ticket.To} may have run it: {_state.Reason}",
                DomainFate.Ended => $"{_ticket.Domain} was not moved: {_state.Reason}",
                _ => $"{_ticket.Domain} stays on {_ticket.From}: {_state.Reason}",
            },
            Remedy = _state.Remedy,
            Total = ended - _clock.Began,
            Downtime = downtime,
            Parts = parts,
            Rounds = _progress.Round,
            Bytes = _engine.Bytes,
        };
    }

    private void Report(RelocationStep step, string? note = null) =>
        _ticket.Report(_progress.Last with { At = _clock.Now, Step = step, Note = note });

    private void NoteClocks()
    {
        if (_saidClocks || ClockDifference.Say(_ticket.From, _ticket.To, _offset.Value) is not { } differ)
            return;
        _saidClocks = true;
        Log.ClocksDiffer(_log, _ticket.Domain, differ);
        Report(_ticket.Step, differ);
    }

    private void Post(SourceEvent @event) => _events.Writer.TryWrite(@event);
}
