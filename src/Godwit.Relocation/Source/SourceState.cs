namespace Godwit.Relocation.Source;

/// <summary>Where the source is.</summary>
public enum SourcePhase
{
    Checking = 1,
    Beginning,
    Preparing,
    PreCopying,
    Stopping,
    HandedOver,
    Aborting,
    Regaining,
    Ended,
}

/// <summary>State of the source's side of one relocation.</summary>
/// <param name="Phase">Where it is.</param>
/// <param name="Ending">How it is to end, once that is certain enough to act on.</param>
/// <param name="Reason">For a person, with <paramref name="Ending"/>.</param>
/// <param name="Remedy">What to do about it.</param>
/// <param name="Held">The engine holds the copy: it runs again only when told.</param>
/// <param name="FaultSide">Who or what is at fault, with <paramref name="Ending"/>.</param>
/// <param name="FaultStep">The step in which it failed.</param>
/// <param name="Fate">What became of the domain, once it has ended.</param>
/// <param name="Strayed">Somebody let the held copy run: what it holds is younger than what was sent.</param>
public sealed record SourceState(
    SourcePhase Phase,
    RelocationEnding? Ending = null,
    string? Reason = null,
    string? Remedy = null,
    bool Held = false,
    RelocationSide? FaultSide = null,
    RelocationStep? FaultStep = null,
    DomainFate Fate = DomainFate.OnSource,
    bool Strayed = false);

/// <summary>What the source hears.</summary>
public abstract record SourceEvent
{
    private SourceEvent()
    {
    }

    public sealed record Welcomed : SourceEvent;

    public sealed record Refused(string Reason, string? Remedy) : SourceEvent;

    /// <summary>The intent is in the registry.</summary>
    public sealed record IntentWon : SourceEvent;

    public sealed record IntentLost : SourceEvent;

    public sealed record DestinationPrepared : SourceEvent;

    /// <summary>The destination ended it before Handover and undoes what it did.</summary>
    /// <param name="Reason">In the destination's words.</param>
    /// <param name="Remedy">What to do about it.</param>
    /// <param name="Step">The step it was in; null from a destination that does not say.</param>
    public sealed record DestinationFailed(string Reason, string? Remedy, RelocationStep? Step = null) : SourceEvent;

    /// <summary>The line is broken or was never made.</summary>
    public sealed record ChannelLost(string Reason) : SourceEvent;

    /// <summary>The engine has stopped the guest and waits for permission to send the rest.</summary>
    /// <param name="ProbedJustNow">Registry and all disks have answered within the last moments.</param>
    public sealed record SwitchoverReady(bool ProbedJustNow) : SourceEvent;

    public sealed record Held : SourceEvent;

    public sealed record SendFailed(string Reason) : SourceEvent;

    public sealed record GuestEnded(string Reason) : SourceEvent;

    public sealed record CancelAsked : SourceEvent;

    public sealed record TimeLimitPassed : SourceEvent;

    public sealed record AbortWon : SourceEvent;

    public sealed record AbortLost : SourceEvent;

    /// <summary>The record, read after the hand-over.</summary>
    public sealed record RecordRead(Standing Standing) : SourceEvent;

    /// <summary>Somebody let the held copy run who was not asked to.</summary>
    public sealed record StrayResume : SourceEvent;

    /// <summary>The destination says that the domain runs there.</summary>
    public sealed record DestinationRuns : SourceEvent;

    public sealed record DestinationGaveBack(string Reason) : SourceEvent;

    /// <summary>The disks have answered this host's new epoch, after an abort, a give-back or a take-over.</summary>
    public sealed record Regained(HeldMemory Memory) : SourceEvent;
}

/// <summary>What the source is to do next; the driver of the machine carries it out and feeds back an event.</summary>
public enum SourceAction
{
    RecordIntent = 1,

    /// <summary>Have the destination prepare, and the engine of this side meanwhile.</summary>
    SendPrepare,
    BeginSending,

    /// <summary>Tell the destination that the guest is stopped, and let the engine send the rest.</summary>
    PermitSwitchover,

    /// <summary>Journal that the copy is held, and send Handover.</summary>
    HandOver,

    /// <summary>End the engine's sending, or what it did ahead for it; the guest runs on, or again.</summary>
    CancelSending,

    /// <summary>Tell the destination that it ends here.</summary>
    SendFailed,

    RecordAbort,

    /// <summary>Read the record now, and on until it says how this ended.</summary>
    ReadRecord,

    /// <summary>Take the writer's role of all disks back under the new epoch.</summary>
    RegainDisks,

    /// <summary>Let the held copy run: this host owns the domain.</summary>
    ResumeHeld,

    /// <summary>Stop a copy that was let run while it should be held.</summary>
    PauseStray,

    /// <summary>
    /// An engine may have come to hold its copy while it was told to stop sending. No Handover was sent: let it run.
    /// </summary>
    ResumeIfHeld,

    /// <summary>The domain is this host's, the memory of this copy is not the domain's any more.</summary>
    DiscardMemory,

    /// <summary>Draw the guest's frames back to this host.</summary>
    AnnounceBack,

    /// <summary>Destroy this copy: the record says that it runs elsewhere under a greater epoch.</summary>
    DestroyCopy,

    /// <summary>End with <see cref="SourceState.Ending"/>.</summary>
    Finish,
}
