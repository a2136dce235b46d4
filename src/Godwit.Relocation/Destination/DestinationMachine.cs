using System.Collections.Immutable;

namespace Godwit.Relocation.Destination;

/// <summary>
/// The destination's side of a relocation as a pure function.
/// <code>
///  Greeting ─offer─► Judging ─fits─► Welcomed ─prepare─► Preparing ─receiver─► Receiving
///                       │does not       │line, source,      │failed, line          │ line, source, load failed
///                       ▼               ▼storing failed     ▼                      ▼
///                     Ended           Ended              Undoing ──────────────► Ended
///                                                           ▲                      loaded and handed over
///                                                           │lost                           │
///   Ended ◄─ Resuming ◄── all fenced ── Fencing ◄── won ── Committing ◄─────────────────────┘
///  (arrived)                               │ a disk refuses or stays away
///                                          │ or the receiver dies, or will not run
///                                          └──► GivingBack ──► Undoing
/// </code>
/// Before Handover it undoes on any failure, for it cannot have committed; a message that comes before its time is one. After Handover the line does not matter:
/// the record decides. Once the guest may have run here there is only forward.
/// </summary>
public static class DestinationMachine
{
    public static DestinationState Initial { get; } = new(DestinationPhase.Greeting);

    public static (DestinationState State, ImmutableArray<DestinationAction> Actions) Step(DestinationState state, DestinationEvent @event) =>
        state.Phase switch
        {
            DestinationPhase.Greeting => Greeting(state, @event),
            DestinationPhase.Judging => Judging(state, @event),
            DestinationPhase.Welcomed => Welcomed(state, @event),
            DestinationPhase.Preparing => Preparing(state, @event),
            DestinationPhase.Receiving => Receiving(state, @event),
            DestinationPhase.Committing => Committing(state, @event),
            DestinationPhase.Fencing => Fencing(state, @event),
            DestinationPhase.GivingBack => GivingBack(state, @event),
            DestinationPhase.Resuming => Resuming(state, @event),
            DestinationPhase.Undoing => Undoing(state, @event),
            _ => Stay(state),
        };

    private static (DestinationState, ImmutableArray<DestinationAction>) Greeting(DestinationState state, DestinationEvent @event) =>
        @event switch
        {
            // It is there before the line is listened to.
            DestinationEvent.Offered => (state with { Phase = DestinationPhase.Judging }, [DestinationAction.Judge]),
            _ => Stay(state),
        };

    private static (DestinationState, ImmutableArray<DestinationAction>) Judging(DestinationState state, DestinationEvent @event) =>
        @event switch
        {
            DestinationEvent.Accepted => (state with { Phase = DestinationPhase.Welcomed }, [DestinationAction.SendWelcome]),
            DestinationEvent.Declined e =>
                (state with { Phase = DestinationPhase.Ended, Reason = e.Reason, Remedy = e.Remedy },
                    [DestinationAction.SendRefused, DestinationAction.Finish]),
            DestinationEvent.TakingFailed e => Refuse(state, e.Reason, e.Remedy),
            DestinationEvent.ReceiveFailed e => Refuse(state, e.Reason),
            _ when LeftAlone(@event) is { } reason => End(state, reason),
            _ when Misplaced(state, @event) is { } reason => Refuse(state, reason),
            _ => Stay(state),
        };

    private static (DestinationState, ImmutableArray<DestinationAction>) Welcomed(DestinationState state, DestinationEvent @event) =>
        @event switch
        {
            DestinationEvent.PrepareAsked => (state with { Phase = DestinationPhase.Preparing }, [DestinationAction.Prepare]),
            // A boot file that this host cannot keep.
            DestinationEvent.TakingFailed e => Refuse(state, e.Reason, e.Remedy),
            DestinationEvent.ReceiveFailed e => Refuse(state, e.Reason),
            _ when LeftAlone(@event) is { } reason => End(state, reason),
            _ when Misplaced(state, @event) is { } reason => Refuse(state, reason),
            _ => Stay(state),
        };

    // Preparing has several steps with an undo stack of its own: a failure heard meanwhile waits for its end.
    private static (DestinationState, ImmutableArray<DestinationAction>) Preparing(DestinationState state, DestinationEvent @event) =>
        @event switch
        {
            DestinationEvent.ReceiverReady when state.Reason is null =>
                (state with { Phase = DestinationPhase.Receiving }, [DestinationAction.SendPrepared]),
            DestinationEvent.ReceiverReady => (state with { Phase = DestinationPhase.Undoing }, [DestinationAction.Undo]),
            DestinationEvent.PrepareFailed e =>
                (state with { Phase = DestinationPhase.Undoing, Reason = e.Reason, Remedy = e.Remedy },
                    [DestinationAction.SendFailed, DestinationAction.Undo]),
            DestinationEvent.TakingFailed e when state.Reason is null => (state with { Reason = e.Reason, Remedy = e.Remedy }, [DestinationAction.SendFailed]),
            // The receiver, just before all of it was ready.
            DestinationEvent.ReceiveFailed e when state.Reason is null => (state with { Reason = e.Reason }, [DestinationAction.SendFailed]),
            _ when state.Reason is null && LeftAlone(@event) is { } reason => (state with { Reason = reason }, []),
            _ when state.Reason is null && Misplaced(state, @event) is { } reason => (state with { Reason = reason }, [DestinationAction.SendFailed]),
            _ => Stay(state),
        };

    private static (DestinationState, ImmutableArray<DestinationAction>) Receiving(DestinationState state, DestinationEvent @event) =>
        @event switch
        {
            DestinationEvent.SourceStopping => (state, [DestinationAction.Announce]),
            DestinationEvent.Loaded => Ready(state with { Loaded = true }),
            // Handed over once, only the record ends it; what is said again changes nothing of that.
            _ when !state.HandedOver && Misplaced(state, @event) is { } reason =>
                (state with { Phase = DestinationPhase.Undoing, Reason = reason }, [DestinationAction.SendFailed, DestinationAction.Undo]),
            DestinationEvent.HandedOver => Ready(state with { HandedOver = true }),
            // After Handover the line is not needed any more: the source is held and waits for the record.
            DestinationEvent.ChannelLost when state.HandedOver => Stay(state),
            DestinationEvent.TakingFailed e when !state.HandedOver =>
                (state with { Phase = DestinationPhase.Undoing, Reason = e.Reason, Remedy = e.Remedy },
                    [DestinationAction.SendFailed, DestinationAction.Undo]),
            DestinationEvent.ReceiveFailed e =>
                (state with { Phase = DestinationPhase.Undoing, Reason = e.Reason },
                    [DestinationAction.SendFailed, DestinationAction.Undo]),
            _ when LeftAlone(@event) is { } reason =>
                (state with { Phase = DestinationPhase.Undoing, Reason = reason }, [DestinationAction.Undo]),
            _ => Stay(state),
        };

    private static (DestinationState, ImmutableArray<DestinationAction>) Ready(DestinationState state) =>
        state is { Loaded: true, HandedOver: true }
            ? (state with { Phase = DestinationPhase.Committing }, [DestinationAction.Commit])
            : Stay(state);

    private static (DestinationState, ImmutableArray<DestinationAction>) Committing(DestinationState state, DestinationEvent @event) =>
        @event switch
        {
            // The source still holds the memory, and nothing ran here: what this engine lost is not lost.
            DestinationEvent.CommitWon e when state.Reason is not null =>
                (state with { Phase = DestinationPhase.GivingBack, Epoch = e.Epoch }, [DestinationAction.GiveBack]),
            DestinationEvent.CommitWon e =>
                (state with { Phase = DestinationPhase.Fencing, Epoch = e.Epoch }, [DestinationAction.Fence]),
            DestinationEvent.CommitLost =>
                (state with { Phase = DestinationPhase.Undoing, Reason = "the source kept the domain before the commit" },
                    [DestinationAction.SendFailed, DestinationAction.Undo]),
            DestinationEvent.ReceiveFailed e => (state with { Reason = e.Reason }, []),
            _ => Stay(state),
        };

    private static (DestinationState, ImmutableArray<DestinationAction>) Fencing(DestinationState state, DestinationEvent @event) =>
        @event switch
        {
            DestinationEvent.Fenced when state.Reason is not null =>
                (state with { Phase = DestinationPhase.GivingBack }, [DestinationAction.GiveBack]),
            DestinationEvent.Fenced => (state with { Phase = DestinationPhase.Resuming }, [DestinationAction.Resume]),
            DestinationEvent.FenceFailed e =>
                (state with { Phase = DestinationPhase.GivingBack, Reason = e.Reason }, [DestinationAction.GiveBack]),
            DestinationEvent.ReceiveFailed e => (state with { Reason = e.Reason }, []),
            _ => Stay(state),
        };

    private static (DestinationState, ImmutableArray<DestinationAction>) GivingBack(DestinationState state, DestinationEvent @event) =>
        @event switch
        {
            DestinationEvent.GaveBack =>
                (state with { Phase = DestinationPhase.Undoing }, [DestinationAction.SendGaveBack, DestinationAction.Undo]),
            _ => Stay(state),
        };

    private static (DestinationState, ImmutableArray<DestinationAction>) Resuming(DestinationState state, DestinationEvent @event) =>
        @event switch
        {
            DestinationEvent.Resumed =>
                (state with { Phase = DestinationPhase.Ended, Arrived = true }, [DestinationAction.Confirm, DestinationAction.Finish]),
            // Nothing ran here, so the source's memory is still the domain's.
            DestinationEvent.ResumeRefused e =>
                (state with { Phase = DestinationPhase.GivingBack, Reason = e.Reason }, [DestinationAction.GiveBack]),
            // The engine that held the only good memory would not run: nothing to go back to, so it ends as a
            // crashed domain does, and the record still names this host.
            DestinationEvent.ResumeFailed e =>
                (state with { Phase = DestinationPhase.Ended, Arrived = true, Reason = e.Reason }, [DestinationAction.Confirm, DestinationAction.Finish]),
            _ => Stay(state),
        };

    private static (DestinationState, ImmutableArray<DestinationAction>) Undoing(DestinationState state, DestinationEvent @event) =>
        @event is DestinationEvent.Undone
            ? (state with { Phase = DestinationPhase.Ended }, [DestinationAction.Finish])
            : Stay(state);

    private static (DestinationState, ImmutableArray<DestinationAction>) End(DestinationState state, string reason) =>
        (state with { Phase = DestinationPhase.Ended, Reason = reason }, [DestinationAction.Finish]);

    private static (DestinationState, ImmutableArray<DestinationAction>) Refuse(DestinationState state, string reason, string? remedy = null) =>
        (state with { Phase = DestinationPhase.Ended, Reason = reason, Remedy = remedy }, [DestinationAction.SendFailed, DestinationAction.Finish]);

    /// <summary>What a source says before it can be true, or twice: null where it has its place.</summary>
    private static string? Misplaced(DestinationState state, DestinationEvent @event)
    {
        var said = @event switch
        {
            DestinationEvent.PrepareAsked when state.Phase != DestinationPhase.Welcomed => "asked to prepare",
            DestinationEvent.SourceStopping when state.Phase != DestinationPhase.Receiving => "said that the guest stops",
            DestinationEvent.HandedOver when state.Phase != DestinationPhase.Receiving => "handed the domain over",
            _ => null,
        };
        return said is null ? null : $"the source {said}, which has no place while this side is {state.Phase}";
    }

    /// <summary>The source is gone or wants no more.</summary>
    private static string? LeftAlone(DestinationEvent @event) => @event switch
    {
        DestinationEvent.ChannelLost e => e.Reason,
        DestinationEvent.SourceFailed e => e.Reason,
        _ => null,
    };

    private static (DestinationState, ImmutableArray<DestinationAction>) Stay(DestinationState state) => (state, []);
}
