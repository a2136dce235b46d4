namespace Godwit.Relocation;

/// <summary>Every way in which a relocation can end.</summary>
public enum RelocationEnding
{
    /// <summary>The domain runs on the destination.</summary>
    Completed = 1,

    /// <summary>A check refused it before anything was changed.</summary>
    Refused,

    /// <summary>Another relocation of the same domain, or a change of its record, came first.</summary>
    Superseded,

    /// <summary>The destination did not answer, or was not who it should be.</summary>
    DestinationUnreachable,

    /// <summary>The destination could not prepare: a disk, memory, or its engine.</summary>
    PrepareFailed,

    /// <summary>The line between the hosts broke before Handover.</summary>
    ChannelLost,

    /// <summary>The source's engine failed to send, or somebody let it run again after it had sent.</summary>
    SendFailed,

    /// <summary>The destination's engine failed to load.</summary>
    ReceiveFailed,

    /// <summary>Registry or a disk did not answer the probe just before the stop.</summary>
    ProbeFailed,

    /// <summary>A person cancelled it.</summary>
    Cancelled,

    /// <summary>The time limit passed before the stop.</summary>
    TimedOut,

    /// <summary>The guest ended while it was being moved.</summary>
    GuestEnded,

    /// <summary>The destination had the domain and gave it back because a disk could not be fenced.</summary>
    GivenBack,

    /// <summary>The destination was gone for good, and somebody took the domain over for the source.</summary>
    TakenOver,
}

/// <summary>Who or what is at fault when a relocation did not complete.</summary>
public enum RelocationSide
{
    Source = 1,
    Destination,

    /// <summary>The line between the two.</summary>
    Line,

    /// <summary>The registry, or a change of the record by somebody else.</summary>
    Registry,

    /// <summary>A disk, or the host that serves it.</summary>
    Storage,

    /// <summary>The guest itself.</summary>
    Guest,

    /// <summary>A person, who cancelled it or set a limit.</summary>
    User,
}

/// <summary>What became of the domain.</summary>
public enum DomainFate
{
    /// <summary>It runs on the destination, or is paused there as it was.</summary>
    OnDestination = 1,

    /// <summary>It is on the source as it was before.</summary>
    OnSource,

    /// <summary>It belongs to another host by now; this one has nothing of it.</summary>
    Elsewhere,

    /// <summary>It is the source's, and its memory was lost: it starts cold, or stays crashed, as its configuration says.</summary>
    Cold,

    /// <summary>Its guest ended by itself while it was moved.</summary>
    Ended,
}
