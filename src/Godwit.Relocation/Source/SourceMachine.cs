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
///     ├───────────────────────────────────────────────────────┘        record open: abort, first ◄─────┤
///     ├──────────────────────── resume held, announce back ◄── Regaining ◄──── record: given back ─────┤
///     └──────────────────────────── destroy copy ◄──────────────────────────── record: arrived ────────┘
/// </code>
/// Up to and with Stopping the destination cannot have committed, so a failure resumes the guest first and aborts
/// after. From HandedOver on only the record decides: the copy is held until an abort is won, a give-back is
/// recorded, or the record says that the domain runs elsewhere.
/// </summary>
public static class SourceMachine
{
    public static SourceState Initial { get; } = new(SourcePhase.Checking);

    public static (SourceState State, ImmutableArray<SourceAction> Actions) Step(SourceState state, SourceEvent @event) =>
        state.Phase switch
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
            SourceEvent.IntentLost =>
                (Failed(state, (RelocationEnding.Superseded, "the record of the domain changed meanwhile", null), SourcePhase.Ended),
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
                (Failed(state, (RelocationEnding.PrepareFailed, e.Reason, e.Remedy), SourcePhase.Aborting), [SourceAction.RecordAbort]),
            _ when Failure(@event, RelocationEnding.ChannelLost) is { } failure =>
                (Failed(state, failure, SourcePhase.Aborting), [SourceAction.SendFailed, SourceAction.RecordAbort]),
            _ => Stay(state),
        };

    private static (SourceState, ImmutableArray<SourceAction>) PreCopying(SourceState state, SourceEvent @event) =>
        @event switch
        {
            SourceEvent.SwitchoverReady { ProbedJustNow: true } =>
                (state with { Phase = SourcePhase.Stopping }, [SourceAction.PermitSwitchover]),
            SourceEvent.SwitchoverReady =>
                (Failed(state, (RelocationEnding.ProbeFailed,
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
            SourceEvent.AbortWon =>
                (Failed(state, (RelocationEnding.ChannelLost, state.Reason ?? "the destination was lost before it committed", state.Remedy), SourcePhase.Ended),
                    [SourceAction.ResumeHeld, SourceAction.AnnounceBack, SourceAction.Finish]),
            SourceEvent.AbortLost => (state, [SourceAction.ReadRecord]),
            _ => Stay(state),
        };

    private static (SourceState, ImmutableArray<SourceAction>) Judge(SourceState state, Standing standing) => standing switch
    {
        Standing.Arrived =>
            (state with { Phase = SourcePhase.Ended, Ending = RelocationEnding.Completed, Reason = null, Remedy = null },
                [SourceAction.DestroyCopy, SourceAction.Finish]),
        Standing.Open => (state, [SourceAction.RecordAbort]),
        Standing.Committed => (state, [SourceAction.ReadRecord]),
        Standing.Aborted =>
            (Failed(state, (RelocationEnding.ChannelLost, state.Reason ?? "the relocation was aborted", state.Remedy), SourcePhase.Ended),
                [SourceAction.ResumeHeld, SourceAction.AnnounceBack, SourceAction.Finish]),
        Standing.GivenBack =>
            (Failed(state, (RelocationEnding.GivenBack, state.Reason ?? "the destination could not fence a disk and gave the domain back",
                    "see that every storage host answers, and migrate again"), SourcePhase.Regaining),
                [SourceAction.RegainDisks]),
        Standing.Elsewhere =>
            (Failed(state, (RelocationEnding.Superseded, "the record names neither side of this relocation any more", null), SourcePhase.Ended),
                [SourceAction.DestroyCopy, SourceAction.Finish]),
        _ => Stay(state),
    };

    private static (SourceState, ImmutableArray<SourceAction>) Aborting(SourceState state, SourceEvent @event) => @event switch
    {
        SourceEvent.AbortWon => (state with { Phase = SourcePhase.Ended }, [SourceAction.Finish]),
        // Only somebody entitled to take over can have come first; then this copy is a superseded one.
        SourceEvent.AbortLost =>
            (state with { Phase = SourcePhase.HandedOver }, [SourceAction.ReadRecord]),
        _ => Stay(state),
    };

    private static (SourceState, ImmutableArray<SourceAction>) Regaining(SourceState state, SourceEvent @event) => @event switch
    {
        SourceEvent.Regained =>
            (state with { Phase = SourcePhase.Ended }, [SourceAction.ResumeHeld, SourceAction.AnnounceBack, SourceAction.Finish]),
        _ => Stay(state),
    };

    /// <summary>The events that end a relocation wherever the destination cannot have committed.</summary>
    private static (RelocationEnding, string, string?)? Failure(SourceEvent @event, RelocationEnding whenLineBreaks) => @event switch
    {
        SourceEvent.Refused e => (RelocationEnding.Refused, e.Reason, e.Remedy),
        SourceEvent.DestinationFailed e => (RelocationEnding.ReceiveFailed, e.Reason, e.Remedy),
        SourceEvent.ChannelLost e => (whenLineBreaks, e.Reason, "see that the destination's godwitd runs and its port is reachable"),
        SourceEvent.SendFailed e => (RelocationEnding.SendFailed, e.Reason, null),
        SourceEvent.GuestEnded e => (RelocationEnding.GuestEnded, e.Reason, null),
        SourceEvent.CancelAsked => (RelocationEnding.Cancelled, "it was cancelled", null),
        SourceEvent.TimeLimitPassed => (RelocationEnding.TimedOut, "the time limit passed before the guest could be stopped for the last round",
            "give it more time, a longer downtime limit, or a quieter moment"),
        _ => null,
    };

    private static SourceState Failed(SourceState state, (RelocationEnding Ending, string Reason, string? Remedy) failure, SourcePhase next) =>
        state with { Phase = next, Ending = failure.Ending, Reason = failure.Reason, Remedy = failure.Remedy };

    private static (SourceState, ImmutableArray<SourceAction>) Stay(SourceState state) => (state, []);
}
