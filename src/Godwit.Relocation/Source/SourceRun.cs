using System.Threading.Channels;
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
    private const int ResumeAttempts = 10;
    private static readonly TimeSpan ReadAgain = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(50);
    private readonly ISourceSite _site;
    private readonly IRelocationDialer _dialer;
    private readonly RelocationTicket _ticket;
    private readonly RelocationOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly IFailpoints? _failpoints;
    private readonly Channel<SourceEvent> _events = Pipe.CreateUnbounded<SourceEvent>(new() { SingleReader = true });
    private readonly List<Task> _beside = [];
    private readonly DowntimeStamps _stamps = new();
    private readonly ClockOffset _clock;
    private readonly ProbeWatch _probes;
    private readonly SendWatch _progress;
    private SourceState _state = SourceMachine.Initial;
    private IRelocationChannel? _channel;
    private Stream? _engine;
    private EnginePump? _pump;
    private RelocationMessage.Welcome? _welcome;
    private RelocationMessage.Running? _arrival;

    public SourceRun(
        ISourceSite site, IRelocationDialer dialer, RelocationTicket ticket, RelocationOptions options, TimeProvider time, ILogger log,
        IFailpoints? failpoints = null)
    {
        (_site, _dialer, _ticket, _options, _time, _log, _failpoints) = (site, dialer, ticket, options, time, log, failpoints);
        _clock = new ClockOffset(time);
        _probes = new ProbeWatch(site, time);
        _progress = new SendWatch(site.Copy, ticket, time);
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
                _stamps.Stopped = e.At;
                _site.KeepFrames();
                break;
            case CopyEvent.RoundBegan e:
                _progress.Round = e.Round;
                break;
            case CopyEvent.SwitchoverReady:
                Post(new SourceEvent.SwitchoverReady(_probes.AnsweredJustNow));
                break;
            case CopyEvent.MemorySent e:
                _stamps.MemorySent = e.At;
                break;
            case CopyEvent.Held:
                Post(new SourceEvent.Held());
                break;
            case CopyEvent.SendFailed e:
                Post(new SourceEvent.SendFailed(e.Reason));
                break;
            case CopyEvent.GuestPoweredOff:
                Post(new SourceEvent.GuestEnded("the guest powered off while it was being moved"));
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

    /// <summary>
    /// Runs the relocation to its end. Afterwards the domain runs on the destination and this host has no copy of it
    /// (<see cref="RelocationEnding.Completed"/>), or it is as it was on this host, whatever the ending.
    /// </summary>
    public async Task<RelocationResult> RunAsync(CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var token = stop.Token;
        try
        {
            if (_failpoints is not null)
                await _failpoints.ReachAsync("source.Dial", _ticket.Domain, token);
            Beside(DialAsync(token));
            _ticket.OnCancel(() => Post(new SourceEvent.CancelAsked()));
            Beside(WatchTimeAsync(token));
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
            if (_channel is not null)
                await _channel.DisposeAsync();
            await Task.WhenAll(_beside);
            if (_channel is not null)
                await _channel.DisposeAsync();
            if (_engine is not null)
                await _engine.DisposeAsync();
        }
        var result = MakeResult();
        _ticket.End(_progress.Last with { At = _time.GetUtcNow(), Step = result.Succeeded ? RelocationStep.Confirm : _ticket.Step }, result);
        return result;
    }

    private async Task PerformAsync(SourceAction action, CancellationToken token)
    {
        switch (action)
        {
            case SourceAction.RecordIntent:
                Report(RelocationStep.Begin);
                Beside(RecordIntentAsync(token));
                break;
            case SourceAction.SendPrepare:
                Report(RelocationStep.Prepare);
                Beside(SendPrepareAsync(token));
                break;
            case SourceAction.BeginSending:
                Report(RelocationStep.PreCopy);
                Beside(_probes.RunAsync(token));
                // While the guest runs, so that the flush of the stop finds little left.
                Beside(FlushAsync(token));
                Beside(BeginSendingAsync(token));
                break;
            case SourceAction.PermitSwitchover:
                _stamps.Permitted = _time.GetUtcNow();
                Beside(PermitAsync(token));
                Beside(SayAsync(new RelocationMessage.Stopping(_site.Addresses), token));
                Report(RelocationStep.Stop);
                break;
            case SourceAction.HandOver:
                await SayAsync(new RelocationMessage.Handover(), token);
                // Here, not before: the other side has loaded all, and had drawn the guest's frames to it before that.
                if (_site.TakeFrames() is var frames && frames.Any(port => !port.IsEmpty))
                    await SayAsync(new RelocationMessage.Frames(frames), token);
                Report(RelocationStep.HandOver);
                break;
            case SourceAction.CancelSending:
                await TryAsync(_site.Copy.CancelSendAsync, token);
                break;
            case SourceAction.SendFailed:
                if (_channel is not null)
                    await SayAsync(new RelocationMessage.Failed(_state.Reason ?? "the source gave up", _state.Remedy), token);
                break;
            case SourceAction.RecordAbort:
                Beside(RecordAbortAsync(token));
                break;
            case SourceAction.ReadRecord:
                Beside(ReadRecordAsync(token));
                break;
            case SourceAction.RegainDisks:
                Beside(RegainAsync(token));
                break;
            case SourceAction.ResumeHeld:
                if (_site.Offer.RunState == Domains.RunState.Running)
                    await ResumeHeldAsync(token);
                break;
            case SourceAction.ResumeIfHeld:
                if (_site.Offer.RunState == Domains.RunState.Running)
                    await TryAsync(ResumeIfHeldAsync, token);
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

    private async Task DialAsync(CancellationToken token)
    {
        try
        {
            _channel = await _dialer.DialAsync(_ticket.To, token);
            await _channel.SendAsync(new RelocationMessage.Hello(ProtocolVersion.Lowest, ProtocolVersion.Current, _site.Offer), token);
        }
        catch (ChannelException e)
        {
            Post(new SourceEvent.ChannelLost(e.Message));
            return;
        }
        await ListenAsync(_channel, token);
    }

    private async Task ListenAsync(IRelocationChannel channel, CancellationToken token)
    {
        try
        {
            while (await channel.ReceiveAsync(token) is { } message)
                await TakeAsync(message, token);
            Post(new SourceEvent.ChannelLost($"{channel.Peer} closed the line"));
        }
        catch (ChannelException e)
        {
            Post(new SourceEvent.ChannelLost(e.Message));
        }
    }

    private async Task TakeAsync(RelocationMessage message, CancellationToken token)
    {
        switch (message)
        {
            case RelocationMessage.Welcome m when _welcome is null:
                _welcome = m;
                Beside(SayAsync(_clock.Ask(), token));
                Post(new SourceEvent.Welcomed());
                break;
            case RelocationMessage.ClockAnswer m:
                if (_clock.Take(m))
                    Beside(SayAsync(_clock.Ask(), token));
                break;
            case RelocationMessage.Refused m:
                Post(new SourceEvent.Refused(m.Reason, m.Remedy));
                break;
            case RelocationMessage.Prepared:
                Post(new SourceEvent.DestinationPrepared());
                break;
            case RelocationMessage.EngineBytes m when _engine is not null:
                await WriteToEngineAsync(m.Bytes, token);
                break;
            case RelocationMessage.EngineEnd:
                break;
            case RelocationMessage.Running m:
                _arrival = m;
                Post(new SourceEvent.DestinationRuns());
                break;
            case RelocationMessage.GaveBack m:
                Post(new SourceEvent.DestinationGaveBack(m.Reason));
                break;
            case RelocationMessage.Failed m:
                Post(new SourceEvent.DestinationFailed(m.Reason, m.Remedy, m.Step));
                break;
            default:
                throw new ChannelException($"{_channel!.Peer} sent a {message.GetType().Name}, which has no place here.");
        }
    }

    // The engine closes its end once it has heard all it wants; what still comes for it is of no use to anyone.
    private async Task WriteToEngineAsync(ReadOnlyMemory<byte> bytes, CancellationToken token)
    {
        try
        {
            await _engine!.WriteAsync(bytes, token);
        }
        catch (IOException e)
        {
            Log.EngineClosed(_log, _ticket.Domain, e.Message);
        }
    }

    private async Task RecordIntentAsync(CancellationToken token)
    {
        await _site.JournalAsync(token);
        Post(await _site.Registry.BeginAsync(token) ? new SourceEvent.IntentWon() : new SourceEvent.IntentLost());
    }

    private async Task SendPrepareAsync(CancellationToken token)
    {
        try
        {
            foreach (var digest in _welcome!.MissingBootFiles)
                await BootFileSender.SendAsync(_site, _channel!, digest, token);
            await _channel!.SendAsync(new RelocationMessage.Prepare(), token);
        }
        catch (ChannelException e)
        {
            Post(new SourceEvent.ChannelLost(e.Message));
        }
        catch (IOException e)
        {
            Post(new SourceEvent.SendFailed($"a boot file cannot be read: {e.Message}"));
        }
    }

    private async Task BeginSendingAsync(CancellationToken token)
    {
        try
        {
            _engine = await _site.Copy.SendAsync(
                new SendOptions
                {
                    DowntimeLimitMilliseconds = _options.DowntimeLimitMilliseconds,
                    MaxBytesPerSecond = _options.MaxBytesPerSecond,
                },
                token);
            _pump = new EnginePump(_engine, _channel!);
            Beside(_progress.RunAsync(token));
            await _pump.RunAsync(token);
        }
        catch (ChannelException e)
        {
            Post(new SourceEvent.ChannelLost(e.Message));
        }
        catch (Exception e) when (e is Domains.GodwitException or IOException)
        {
            Post(new SourceEvent.SendFailed(e.Message));
        }
    }

    private async Task FlushAsync(CancellationToken token)
    {
        try
        {
            await _site.FlushDisksAsync(token);
        }
        catch (Exception e) when (e is Domains.GodwitException or IOException)
        {
            Post(new SourceEvent.SendFailed($"a disk cannot be flushed: {e.Message}"));
        }
    }

    private async Task PermitAsync(CancellationToken token)
    {
        try
        {
            await _site.Copy.PermitSwitchoverAsync(token);
        }
        catch (Exception e) when (e is Domains.GodwitException or IOException)
        {
            Post(new SourceEvent.SendFailed(e.Message));
        }
    }

    private async Task RecordAbortAsync(CancellationToken token) =>
        Post(await _site.Registry.AbortAsync(handedOver: _state.Held, token) ? new SourceEvent.AbortWon() : new SourceEvent.AbortLost());

    private async Task ReadRecordAsync(CancellationToken token)
    {
        var standing = await _site.Registry.ReadAsync(token);
        // The destination has it and is on its way: it says so itself, or the record will.
        if (standing == Standing.Committed)
            await Task.Delay(ReadAgain, _time, token);
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

    // This host owns the domain and nobody else will run it: an engine that refuses once is asked again. When it
    // goes on refusing, the domain stays paused here, for a person to see and to unpause.
    private async Task ResumeHeldAsync(CancellationToken token)
    {
        for (var attempt = 1; attempt <= ResumeAttempts; attempt++)
        {
            try
            {
                await _site.Copy.ContinueAsync(token);
                return;
            }
            catch (Exception e) when (!token.IsCancellationRequested)
            {
                Log.NotResumed(_log, _ticket.Domain, attempt, e);
                await Task.Delay(ReadAgain, _time, token);
            }
        }
    }

    // What it was told when the relocation failed, and what it did in the same moment, come from two sides.
    private async Task ResumeIfHeldAsync(CancellationToken token)
    {
        while ((await _site.Copy.QueryAsync(token)).Phase is var phase && phase is CopyPhase.Held or CopyPhase.SwitchingOver)
        {
            if (phase == CopyPhase.Held)
            {
                await ResumeHeldAsync(token);
                await TryAsync(_site.AnnounceBackAsync, token);
                return;
            }
            await Task.Delay(LookAgain, _time, token);
        }
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

    private async Task SayAsync(RelocationMessage message, CancellationToken token)
    {
        try
        {
            await _channel!.SendAsync(message, token);
        }
        catch (ChannelException e)
        {
            Post(new SourceEvent.ChannelLost(e.Message));
        }
    }

    private RelocationResult MakeResult()
    {
        var ending = _state.Ending ?? RelocationEnding.Superseded;
        var (downtime, parts) = _arrival is null ? default : _stamps.Against(_arrival.Times, _clock);
        var ended = _arrival is null ? _time.GetUtcNow() : _clock.ToSource(_arrival.Times.Resumed);
        return new RelocationResult
        {
            Ending = ending,
            FaultSide = ending == RelocationEnding.Completed ? null : _state.FaultSide,
            FaultStep = ending == RelocationEnding.Completed ? null : _state.FaultStep,
            Fate = _state.Fate,
            Message = _state.Fate switch
            {
                DomainFate.OnDestination => $"{_ticket.Domain} runs on {_ticket.To}",
                DomainFate.Elsewhere => $"{_ticket.Domain} belongs to another host by now: {_state.Reason}",
                DomainFate.Cold => $"{_ticket.Domain} starts cold on {_ticket.From}, for {_ticket.To} may have run it: {_state.Reason}",
                DomainFate.Ended => $"{_ticket.Domain} was not moved: {_state.Reason}",
                _ => $"{_ticket.Domain} stays on {_ticket.From}: {_state.Reason}",
            },
            Remedy = _state.Remedy,
            Total = ended - _ticket.Began,
            Downtime = downtime,
            Parts = parts,
            Rounds = _progress.Round,
            Bytes = _pump?.Bytes ?? 0,
        };
    }

    private void Report(RelocationStep step) => _ticket.Report(_progress.Last with { At = _time.GetUtcNow(), Step = step });

    private void Post(SourceEvent @event) => _events.Writer.TryWrite(@event);

    private void Beside(Task task) => _beside.Add(GuardAsync(task));

    // What runs beside the loop must not fail unheard: the machine decides what an unforeseen failure means.
    private async Task GuardAsync(Task task)
    {
        try
        {
            await task;
        }
        catch (OperationCanceledException)
        {
            // The run has ended, or its daemon ends; the next one settles it.
        }
        catch (Exception e)
        {
            Log.Unforeseen(_log, _ticket.Domain, e);
            Post(new SourceEvent.SendFailed(e.Message));
        }
    }
}
