using System.Collections.Immutable;

namespace Godwit.Relocation.Source;

/// <summary>
/// The source's side of a relocation as a pure function.
/// <code>
///  Checking ──welcome──► Beginning ──intent──► Preparing ──prepared──► PreCopying ──stopped, probed──► Stopping
///     │refused, line        │lost                 │failed, line,          │ the same, send failed,       │held
///     ▼                     ▼                     │cancel, time           │ probe too old                ▼
///   Ended ◄─────────────────┘                     └──────► Aborting ◄─────┴────── resume at once ── HandedOver
///     ▲                                                       │won                                     │
///     │                                                       │     strayed: pause, abort, first ◄─────┤
///     ├───────────────────────────────────────────────────────┘        record open: abort, first ◄─────┤
///     ├─ disks fenced again: resume held, announce back ◄── Regaining ◄── record: ours again ──────────┤
///     └──────────────────────────── destroy copy ◄──────────────────────────── record: arrived ────────┘
/// </code>
/// Up to and with Stopping the destination cannot have committed, so a failure resumes the guest first and aborts
/// after. From HandedOver on only the record decides: the copy is held until an abort is won, or a give-back or a
/// take-over is recorded (then it fences its disks under the new epoch before it runs), or the record says that the
/// domain runs elsewhere. A held copy that somebody lets run is the writer still until the fence, so the destination's
/// memory may not fit the disks any more: the source tries to keep the domain, and where it comes too late the record
/// decides as ever.
/// </summary>
public static class SourceMachine
{
    public static SourceState Initial { get; } = new(SourcePhase.Checking);

    public static (SourceState State, ImmutableArray<SourceAction> Actions) Step(SourceState state, SourceEvent @event)
    {
        // A destination that says what cannot be true yet is not one to talk on with.
        if (Misplaced(state.Phase, @event) is { } said)
            @event = new SourceEvent.ChannelLost($"the destination {said}, which has no place while this side is {state.Phase}");
        return state.Phase switch
        {
            SourcePhase.Checking => Checking(state, @event),
            SourcePhase.Beginning => Beginning(state, @event),
            SourcePhase.Preparing => Preparing(state, @event),
            SourcePhase.PreCopying => PreCopying(state, @event),
            SourcePhase.Stopping => Stopping(state, @event),
            SourcePhase.HandedOver => HandedOver(state, @event),
            SourcePhase.Aborting => Aborting(state, @event),
            SourcePhase.Regaining => Regaining(state, @event),
            _ => Stay(state),
        };
    }

    private static (SourceState, ImmutableArray<SourceAction>) Checking(SourceState state, SourceEvent @event) =>
        @event switch
        {
            SourceEvent.Welcomed => (state with { Phase = SourcePhase.Beginning }, [SourceAction.RecordIntent]),
            _ when Failure(@event, RelocationEnding.DestinationUnreachable) is { } failure =>
                (Failed(state, failure, SourcePhase.Ended), [SourceAction.SendFailed, SourceAction.Finish]),
            _ => Stay(state),
        };

    // The compare-and-set is under way: whatever else is heard must wait until it is known who won. A failure is
    // kept and acted upon with the answer.
    private static (SourceState, ImmutableArray<SourceAction>) Beginning(SourceState state, SourceEvent @event) =>
        @event switch
        {
            SourceEvent.IntentWon when state.Ending is null =>
                (state with { Phase = SourcePhase.Preparing }, [SourceAction.SendPrepare]),
            SourceEvent.IntentWon =>
                (state with { Phase = SourcePhase.Aborting }, [SourceAction.SendFailed, SourceAction.RecordAbort]),
            SourceEvent.IntentLost when state.Ending is not null =>
                (state with { Phase = SourcePhase.Ended }, [SourceAction.SendFailed, SourceAction.Finish]),
            SourceEvent.IntentLost =>
                (Failed(state, new(RelocationEnding.Superseded, RelocationSide.Registry, "the record of the domain changed meanwhile", null), SourcePhase.Ended),
                    [SourceAction.SendFailed, SourceAction.Finish]),
            _ when state.Ending is null && Failure(@event, RelocationEnding.ChannelLost) is { } failure =>
                (Failed(state, failure, SourcePhase.Beginning), []),
            _ => Stay(state),
        };

    private static (SourceState, ImmutableArray<SourceAction>) Preparing(SourceState state, SourceEvent @event) =>
        @event switch
        {
            SourceEvent.DestinationPrepared => (state with { Phase = SourcePhase.PreCopying }, [SourceAction.BeginSending]),
            SourceEvent.DestinationFailed e =>
                (Failed(state, new(RelocationEnding.PrepareFailed, RelocationSide.Destination, e.Reason, e.Remedy, e.Step), SourcePhase.Aborting),
                    [SourceAction.CancelSending, SourceAction.RecordAbort]),
            _ when Failure(@event, RelocationEnding.ChannelLost) is { } failure =>
                (Failed(state, failure, SourcePhase.Aborting),
                    [SourceAction.CancelSending, SourceAction.SendFailed, SourceAction.RecordAbort]),
            _ => Stay(state),
        };

    private static (SourceState, ImmutableArray<SourceAction>) PreCopying(SourceState state, SourceEvent @event) =>
        @event switch
        {
            SourceEvent.SwitchoverReady { ProbedJustNow: true } =>
                (state with { Phase = SourcePhase.Stopping }, [SourceAction.PermitSwitchover]),
            SourceEvent.SwitchoverReady =>
                (Failed(state, new(RelocationEnding.ProbeFailed, RelocationSide.Storage,
                        "the registry or a disk did not answer just before the stop",
                        "see `godwit host list` for what is away, and migrate again when it is back"), SourcePhase.Aborting),
                    [SourceAction.CancelSending, SourceAction.SendFailed, SourceAction.RecordAbort]),
            _ when Failure(@event, RelocationEnding.ChannelLost) is { } failure =>
                (Failed(state, failure, SourcePhase.Aborting),
                    [SourceAction.CancelSending, SourceAction.SendFailed, SourceAction.RecordAbort]),
            _ => Stay(state),
        };

    private static (SourceState, ImmutableArray<SourceAction>) Stopping(SourceState state, SourceEvent @event) =>
        @event switch
        {
            SourceEvent.Held => (state with { Phase = SourcePhase.HandedOver, Held = true }, [SourceAction.HandOver]),
            // The stop is short; a time limit that passes within it has no say any more.
            SourceEvent.TimeLimitPassed => Stay(state),
            // No Handover was sent, so nobody can have committed: resume first, then abort.
            _ when Failure(@event, RelocationEnding.ChannelLost) is { } failure =>
                (Failed(state, failure, SourcePhase.Aborting),
                    [SourceAction.CancelSending, SourceAction.AnnounceBack, SourceAction.SendFailed, SourceAction.RecordAbort]),
            _ => Stay(state),
        };

    private static (SourceState, ImmutableArray<SourceAction>) HandedOver(SourceState state, SourceEvent @event) =>
        @event switch
        {
            // The word of the destination is good, but the record is what a copy is destroyed on.
            SourceEvent.DestinationRuns => (state, [SourceAction.ReadRecord]),
            SourceEvent.DestinationGaveBack => (state, [SourceAction.ReadRecord]),
            SourceEvent.ChannelLost e => (state with { Reason = state.Reason ?? e.Reason }, [SourceAction.ReadRecord]),
            SourceEvent.DestinationFailed e => (state with { Reason = e.Reason, Remedy = e.Remedy }, [SourceAction.ReadRecord]),
            SourceEvent.RecordRead read => Judge(state, read.Standing),
            SourceEvent.AbortWon => Kept(state, "the destination was lost before it committed"),
            SourceEvent.AbortLost => (state, [SourceAction.ReadRecord]),
            SourceEvent.StrayResume => (state with { Strayed = true }, [SourceAction.PauseStray, SourceAction.RecordAbort]),
            _ => Stay(state),
        };

    private static (SourceState, ImmutableArray<SourceAction>) Judge(SourceState state, Standing standing) => standing switch
    {
        Standing.Arrived =>
            (state with { Phase = SourcePhase.Ended, Ending = RelocationEnding.Completed, Reason = null, Remedy = null, Fate = DomainFate.OnDestination },
                [SourceAction.DestroyCopy, SourceAction.Finish]),
        Standing.Open => (state, [SourceAction.RecordAbort]),
        Standing.Committed => (state, [SourceAction.ReadRecord]),
        Standing.Aborted => Kept(state, "the relocation was aborted"),
        Standing.GivenBack =>
            (Failed(state, new(RelocationEnding.GivenBack, RelocationSide.Destination,
                    state.Reason ?? "the destination could not fence a disk and gave the domain back",
                    "see that every storage host answers, and migrate again", RelocationStep.Fence), SourcePhase.Regaining),
                [SourceAction.RegainDisks]),
        Standing.TakenOver =>
            (Failed(state, new(RelocationEnding.TakenOver, RelocationSide.Destination,
                    "the destination was gone for good and the domain was taken over for its source", null), SourcePhase.Regaining),
                [SourceAction.RegainDisks]),
        Standing.Elsewhere =>
            (Failed(state, new(RelocationEnding.Superseded, RelocationSide.Registry,
                    "the record names neither side of this relocation any more", null), SourcePhase.Ended) with { Fate = DomainFate.Elsewhere },
                [SourceAction.DestroyCopy, SourceAction.Finish]),
        _ => Stay(state),
    };

    private static (SourceState, ImmutableArray<SourceAction>) Aborting(SourceState state, SourceEvent @event) => @event switch
    {
        SourceEvent.AbortWon => (state with { Phase = SourcePhase.Ended }, [SourceAction.ResumeIfHeld, SourceAction.Finish]),
        // Only somebody entitled to take over can have come first; then this copy is a superseded one.
        SourceEvent.AbortLost =>
            (state with { Phase = SourcePhase.HandedOver }, [SourceAction.ReadRecord]),
        _ => Stay(state),
    };

    private static (SourceState, ImmutableArray<SourceAction>) Regaining(SourceState state, SourceEvent @event) => @event switch
    {
        SourceEvent.Regained { Memory: HeldMemory.Current } =>
            (state with { Phase = SourcePhase.Ended }, [SourceAction.ResumeHeld, SourceAction.AnnounceBack, SourceAction.Finish]),
        SourceEvent.Regained { Memory: HeldMemory.Stale } =>
            (state with { Phase = SourcePhase.Ended, Fate = DomainFate.Cold }, [SourceAction.DiscardMemory, SourceAction.Finish]),
        SourceEvent.Regained => (state with { Phase = SourcePhase.HandedOver }, [SourceAction.ReadRecord]),
        // Nobody else comes to run it any more: it stands still only until its disks are fenced again.
        SourceEvent.StrayResume => (state with { Strayed = true }, [SourceAction.PauseStray]),
        _ => Stay(state),
    };

    private static (SourceState, ImmutableArray<SourceAction>) Kept(SourceState state, string reason) =>
        (Failed(state,
                state.Strayed
                    ? new(RelocationEnding.SendFailed, RelocationSide.Source, "somebody let its held copy run", "see who has the engine's monitor, and migrate again")
                    : new(RelocationEnding.ChannelLost, RelocationSide.Line, state.Reason ?? reason, state.Remedy),
                SourcePhase.Regaining),
            [SourceAction.RegainDisks]);

    // What comes too late was sent before it could know; what comes too early was not to be sent at all.
    private static string? Misplaced(SourcePhase phase, SourceEvent @event) => @event switch
    {
        SourceEvent.DestinationPrepared when phase is SourcePhase.Checking or SourcePhase.Beginning => "said that it is prepared",
        SourceEvent.DestinationPrepared when phase is SourcePhase.PreCopying or SourcePhase.Stopping or SourcePhase.HandedOver =>
            "said again that it is prepared",
        SourceEvent.DestinationRuns when phase <= SourcePhase.Stopping => "said that the domain runs there",
        SourceEvent.DestinationGaveBack when phase <= SourcePhase.Stopping => "said that it gave the domain back",
        _ => null,
    };

    /// <summary>The events that end a relocation wherever the destination cannot have committed.</summary>
    private static Fault? Failure(SourceEvent @event, RelocationEnding whenLineBreaks) => @event switch
    {
        SourceEvent.Refused e => new(RelocationEnding.Refused, RelocationSide.Destination, e.Reason, e.Remedy),
        SourceEvent.DestinationFailed e => new(RelocationEnding.ReceiveFailed, RelocationSide.Destination, e.Reason, e.Remedy, e.Step),
        SourceEvent.ChannelLost e => new(whenLineBreaks, RelocationSide.Line, e.Reason, "see that the destination's godwitd runs and its port is reachable"),
        SourceEvent.SendFailed e => new(RelocationEnding.SendFailed, RelocationSide.Source, e.Reason, null),
        SourceEvent.GuestEnded e => new(RelocationEnding.GuestEnded, RelocationSide.Guest, e.Reason, null),
        SourceEvent.CancelAsked => new(RelocationEnding.Cancelled, RelocationSide.User, "it was cancelled", null),
        SourceEvent.TimeLimitPassed => new(RelocationEnding.TimedOut, RelocationSide.User, "the time limit passed before the guest could be stopped for the last round",
            "give it more time, a longer downtime limit, or a quieter moment"),
        _ => null,
    };

    private static SourceState Failed(SourceState state, Fault fault, SourcePhase next) => state with
    {
        Phase = next,
        Ending = fault.Ending,
        Reason = fault.Reason,
        Remedy = fault.Remedy,
        FaultSide = fault.Side,
        FaultStep = fault.Step ?? StepOf(state.Phase),
        Fate = fault.Ending == RelocationEnding.GuestEnded ? DomainFate.Ended : DomainFate.OnSource,
    };

    private static RelocationStep StepOf(SourcePhase phase) => phase switch
    {
        SourcePhase.Checking => RelocationStep.Check,
        SourcePhase.Beginning => RelocationStep.Begin,
        SourcePhase.Preparing => RelocationStep.Prepare,
        SourcePhase.PreCopying => RelocationStep.PreCopy,
        SourcePhase.Stopping => RelocationStep.Stop,
        _ => RelocationStep.HandOver,
    };

    private static (SourceState, ImmutableArray<SourceAction>) Stay(SourceState state) => (state, []);

    /// <summary>Why a relocation does not go on; without a step, the one that the source is in.</summary>
    private sealed record Fault(RelocationEnding Ending, RelocationSide Side, string Reason, string? Remedy, RelocationStep? Step = null);
}
