using System.Collections.Immutable;
using System.Threading.Channels;
using Godwit.Domains;
using Godwit.Hypervisors;
using Godwit.Relocation.Channel;
using Godwit.Relocation.Protocol;
using Microsoft.Extensions.Logging;
using Pipe = System.Threading.Channels.Channel;

namespace Godwit.Relocation.Destination;

/// <summary>
/// Drives <see cref="DestinationMachine"/>: carries out its actions and feeds back what came of them. Like the
/// source's run it is one logical thread.
/// </summary>
public sealed partial class DestinationRun
{
    private readonly Channel<DestinationEvent> _events = Pipe.CreateUnbounded<DestinationEvent>(new() { SingleReader = true });
    private readonly IDestinationSite _site;
    private readonly IRelocationChannel _channel;
    private readonly RelocationMessage.Hello _hello;
    private readonly SteadyClock _clock;
    private readonly ILogger _log;
    private readonly IFailpoints? _failpoints;
    private readonly BesideTasks _beside;
    private readonly ArrivalStamps _stamps;
    private DestinationState _state = DestinationMachine.Initial;
    private DestinationPhase _before;
    private ImmutableArray<string> _missing = [];
    private int _version;
    private IDomainCopy? _copy;
    private Stream? _engine;
    private IBootFileSink? _bootFile;
    private ImmutableArray<ImmutableArray<System.Net.IPAddress>> _addresses = [];

    public DestinationRun(
        IDestinationSite site, IRelocationChannel channel, RelocationMessage.Hello hello, TimeProvider time, ILogger log,
        IFailpoints? failpoints = null)
    {
        (_site, _channel, _hello, _log, _failpoints) = (site, channel, hello, log, failpoints);
        _clock = new SteadyClock(time);
        _stamps = new ArrivalStamps(_clock);
        _beside = new BesideTasks(
            Offer.Spec.Name, log, e => Post(e is ChannelException ? new DestinationEvent.ChannelLost(e.Message) : new DestinationEvent.ReceiveFailed(e.Message)));
    }

    /// <summary>The copy that runs here, when the relocation ended so.</summary>
    public IDomainCopy? Arrived => _state.Arrived ? _copy : null;

    public RelocationOffer Offer => _hello.Offer;

    /// <summary>Runs to the end: afterwards the domain is here, or nothing of it is.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var token = _beside.Ends = stop.Token;
        try
        {
            Post(new DestinationEvent.Offered());
            _beside.Add(ListenAsync(token));
            while (_state.Phase != DestinationPhase.Ended)
            {
                var @event = await _events.Reader.ReadAsync(token);
                _before = _state.Phase;
                (_state, var actions) = DestinationMachine.Step(_state, @event);
                if (_before != _state.Phase)
                    Log.DestinationPhase(_log, Offer.Spec.Name, _before, _state.Phase, @event.GetType().Name);
                foreach (var action in actions)
                {
                    if (_failpoints is not null)
                        await _failpoints.ReachAsync($"destination.{action}", Offer.Spec.Name, token);
                    await PerformAsync(action, token);
                }
            }
        }
        finally
        {
            stop.Cancel();
            await _beside.EndAsync();
            if (_bootFile is not null)
                await _bootFile.DisposeAsync();
            if (_engine is not null)
                await _engine.DisposeAsync();
        }
    }

    private async Task PerformAsync(DestinationAction action, CancellationToken token)
    {
        switch (action)
        {
            case DestinationAction.Judge:
                _beside.Add(JudgeAsync(token));
                break;
            case DestinationAction.SendWelcome:
                await SayAsync(new RelocationMessage.Welcome(_version, _missing), token);
                break;
            case DestinationAction.SendRefused:
                await SayAsync(new RelocationMessage.Refused(_state.Reason!, _state.Remedy), token);
                break;
            case DestinationAction.Prepare:
                _beside.Add(PrepareAsync(token));
                break;
            case DestinationAction.SendPrepared:
                await SayAsync(new RelocationMessage.Prepared(), token);
                break;
            case DestinationAction.Announce:
                _beside.Add(_site.AnnounceAsync(_addresses, token));
                break;
            case DestinationAction.Commit:
                _beside.Add(CommitAsync(token));
                break;
            case DestinationAction.Fence:
                _beside.Add(FenceAsync(token));
                break;
            case DestinationAction.GiveBack:
                _beside.Add(GiveBackAsync(token));
                break;
            case DestinationAction.Resume:
                await ResumeAsync(token);
                break;
            case DestinationAction.Confirm:
                await SayAsync(new RelocationMessage.Running(_state.Epoch, _stamps.ToTimes()), token);
                await _site.ArriveAsync(_state.Epoch, _state.Reason, token);
                break;
            case DestinationAction.Undo:
                await _site.UndoAsync(token);
                Post(new DestinationEvent.Undone());
                break;
            case DestinationAction.SendFailed:
                await SayAsync(
                    new RelocationMessage.Failed(_state.Reason ?? "the destination gave up", _state.Remedy, StepOf(_before)), token);
                break;
            case DestinationAction.SendGaveBack:
                await SayAsync(new RelocationMessage.GaveBack(_state.Reason!), token);
                break;
            case DestinationAction.Finish:
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(action), action, "No such action.");
        }
    }

    private async Task JudgeAsync(CancellationToken token)
    {
        if (ProtocolVersion.Choose(_hello.LowestVersion, _hello.HighestVersion) is not { } version)
        {
            Post(new DestinationEvent.Declined(
                $"{Offer.From} speaks versions {_hello.LowestVersion} to {_hello.HighestVersion} of the relocation protocol, this host {ProtocolVersion.Lowest} to {ProtocolVersion.Current}",
                "bring godwitd to the same version on both hosts"));
            return;
        }
        _version = version;
        if (ClockDifference.Say(Offer.From, Offer.To, _clock.Now - Offer.Now) is { } differ)
            Log.ClocksDiffer(_log, Offer.Spec.Name, differ);
        try
        {
            _missing = await _site.JudgeAsync(Offer, token);
            Post(new DestinationEvent.Accepted());
        }
        catch (Exception e) when (!token.IsCancellationRequested)
        {
            Post(new DestinationEvent.Declined(e.Message, (e as GodwitException)?.Remedy));
        }
    }

    private async Task PrepareAsync(CancellationToken token)
    {
        try
        {
            _copy = await _site.PrepareAsync(Offer, token);
            _engine = await _copy.ReceiveAsync(token);
            _beside.Add(WatchCopyAsync(_copy, token));
            _beside.Add(new EnginePump(_engine, _channel, shorten: false).RunAsync(token));
            Post(new DestinationEvent.ReceiverReady());
        }
        catch (Exception e) when (!token.IsCancellationRequested)
        {
            Post(new DestinationEvent.PrepareFailed(e.Message, (e as GodwitException)?.Remedy));
        }
    }

    // The copy has no owner's task yet, so its events are read here until the relocation has ended.
    private async Task WatchCopyAsync(IDomainCopy copy, CancellationToken token)
    {
        while (await copy.Events.WaitToReadAsync(token))
        {
            while (_state.Phase != DestinationPhase.Ended && copy.Events.TryRead(out var @event))
            {
                switch (@event)
                {
                    case CopyEvent.Loaded:
                        Post(new DestinationEvent.Loaded());
                        break;
                    case CopyEvent.ReceiveFailed e:
                        Post(new DestinationEvent.ReceiveFailed(e.Reason));
                        break;
                    case CopyEvent.Exited e:
                        Post(new DestinationEvent.ReceiveFailed($"the engine of the destination ended: {e.Reason}"));
                        break;
                    case CopyEvent.Resumed e:
                        _stamps.Resumed(e.At);
                        Post(new DestinationEvent.Resumed());
                        break;
                    default:
                        break;
                }
            }
            if (_state.Phase == DestinationPhase.Ended)
                return;
        }
    }

    private async Task CommitAsync(CancellationToken token)
    {
        var epoch = await _site.Registry.CommitAsync(token);
        _stamps.CommitEnded();
        Post(epoch is { } won ? new DestinationEvent.CommitWon(won) : new DestinationEvent.CommitLost());
    }

    private async Task FenceAsync(CancellationToken token)
    {
        try
        {
            await _site.FenceAsync(_state.Epoch, token);
            _stamps.FenceEnded();
            Post(new DestinationEvent.Fenced());
        }
        catch (Exception e) when (!token.IsCancellationRequested)
        {
            Post(new DestinationEvent.FenceFailed(e.Message));
        }
    }

    private async Task GiveBackAsync(CancellationToken token)
    {
        // Lost: somebody entitled took the domain over meanwhile; what is here goes in either case.
        await _site.Registry.GiveBackAsync(token);
        Post(new DestinationEvent.GaveBack());
    }

    private async Task ResumeAsync(CancellationToken token)
    {
        if (Offer.RunState != RunState.Running)
        {
            // It stays as it is; but an engine that has ended meanwhile must not be what the source's copy is destroyed for.
            if (await QueryPhaseAsync(token) is null or CopyPhase.Gone)
            {
                Post(new DestinationEvent.ResumeRefused("the engine of the destination ended"));
                return;
            }
            _stamps.Resumed();
            Post(new DestinationEvent.Resumed());
            return;
        }
        try
        {
            // Should this host lose its power now, nobody else could tell whether the guest ran here.
            await _site.JournalResumeAsync(token);
        }
        catch (GodwitException e)
        {
            Post(new DestinationEvent.ResumeRefused(e.Message));
            return;
        }
        try
        {
            await _copy!.ContinueAsync(token);
        }
        catch (EngineGoneException e)
        {
            Post(new DestinationEvent.ResumeRefused(e.Message));
        }
        catch (Exception e) when (!token.IsCancellationRequested)
        {
            var phase = await QueryPhaseAsync(token);
            if (phase is CopyPhase.Loaded)
                Post(new DestinationEvent.ResumeRefused(e.Message));
            else if (phase is CopyPhase.Running)
                Post(new DestinationEvent.Resumed());
            else
                Post(new DestinationEvent.ResumeFailed(e.Message));
        }
    }

    private async Task<CopyPhase?> QueryPhaseAsync(CancellationToken token)
    {
        try
        {
            return (await _copy!.QueryAsync(token)).Phase;
        }
        catch (Exception e) when (!token.IsCancellationRequested)
        {
            Log.Unforeseen(_log, Offer.Spec.Name, e);
            return null;
        }
    }

    private static RelocationStep StepOf(DestinationPhase phase) => phase switch
    {
        DestinationPhase.Greeting or DestinationPhase.Judging => RelocationStep.Check,
        // What is missing comes before the receiver.
        DestinationPhase.Welcomed or DestinationPhase.Preparing => RelocationStep.Prepare,
        DestinationPhase.Receiving => RelocationStep.PreCopy,
        DestinationPhase.Committing => RelocationStep.Commit,
        DestinationPhase.Fencing => RelocationStep.Fence,
        _ => RelocationStep.Resume,
    };

    private async Task SayAsync(RelocationMessage message, CancellationToken token)
    {
        try
        {
            await _channel.SendAsync(message, token);
        }
        catch (ChannelException e)
        {
            Post(new DestinationEvent.ChannelLost(e.Message));
        }
    }

    private void Post(DestinationEvent @event) => _events.Writer.TryWrite(@event);
}
