namespace Godwit.Relocation.Destination;

/// <summary>Where the destination is.</summary>
public enum DestinationPhase
{
    Greeting = 1,
    Judging,
    Welcomed,
    Preparing,
    Receiving,
    Committing,
    Fencing,
    GivingBack,
    Resuming,
    Undoing,
    Ended,
}

/// <summary>State of the destination's side of one relocation.</summary>
/// <param name="Phase">Where it is.</param>
/// <param name="Loaded">The engine has loaded all.</param>
/// <param name="HandedOver">The source's copy is held: committing is allowed.</param>
/// <param name="Epoch">Epoch won by the commit, else 0.</param>
/// <param name="Reason">Why it does not take the domain.</param>
/// <param name="Remedy">What to do about it.</param>
/// <param name="Arrived">It ended with the domain running here.</param>
public sealed record DestinationState(
    DestinationPhase Phase,
    bool Loaded = false,
    bool HandedOver = false,
    long Epoch = 0,
    string? Reason = null,
    string? Remedy = null,
    bool Arrived = false);

/// <summary>What the destination hears.</summary>
public abstract record DestinationEvent
{
    private DestinationEvent()
    {
    }

    public sealed record Offered : DestinationEvent;

    public sealed record Accepted : DestinationEvent;

    public sealed record Declined(string Reason, string? Remedy) : DestinationEvent;

    /// <summary>The source's intent is recorded.</summary>
    public sealed record PrepareAsked : DestinationEvent;

    public sealed record ReceiverReady : DestinationEvent;

    public sealed record PrepareFailed(string Reason, string? Remedy) : DestinationEvent;

    public sealed record SourceStopping : DestinationEvent;

    public sealed record Loaded : DestinationEvent;

    public sealed record ReceiveFailed(string Reason) : DestinationEvent;

    /// <summary>What the source sent was not taken. It says nothing of a guest that has been loaded.</summary>
    public sealed record TakingFailed(string Reason, string? Remedy) : DestinationEvent;

    public sealed record HandedOver : DestinationEvent;

    public sealed record SourceFailed(string Reason) : DestinationEvent;

    public sealed record ChannelLost(string Reason) : DestinationEvent;

    public sealed record CommitWon(long Epoch) : DestinationEvent;

    public sealed record CommitLost : DestinationEvent;

    public sealed record Fenced : DestinationEvent;

    /// <summary>A disk refuses for good, or stayed away for longer than a domain may be kept paused.</summary>
    public sealed record FenceFailed(string Reason) : DestinationEvent;

    public sealed record GaveBack : DestinationEvent;

    public sealed record Resumed : DestinationEvent;

    /// <summary>The engine would not let it run, and says that it has not run.</summary>
    public sealed record ResumeRefused(string Reason) : DestinationEvent;

    /// <summary>The engine failed, and nobody knows whether the guest has run here.</summary>
    public sealed record ResumeFailed(string Reason) : DestinationEvent;

    public sealed record Undone : DestinationEvent;
}

/// <summary>What the destination is to do next.</summary>
public enum DestinationAction
{
    /// <summary>Check the offer against this host.</summary>
    Judge = 1,
    SendWelcome,
    SendRefused,

    /// <summary>Journal; attach the disks; start an empty, paused receiver.</summary>
    Prepare,
    SendPrepared,

    /// <summary>Draw the guest's frames here.</summary>
    Announce,

    /// <summary>Journal, then take the domain by compare-and-set.</summary>
    Commit,

    /// <summary>Take the writer's role of all disks.</summary>
    Fence,
    GiveBack,

    /// <summary>Journal, then let the guest run.</summary>
    Resume,

    /// <summary>Record that it runs here, tell the source, settle the network.</summary>
    Confirm,

    /// <summary>Destroy the receiver, detach the disks, forget the journal entry.</summary>
    Undo,
    SendFailed,
    SendGaveBack,
    Finish,
}
