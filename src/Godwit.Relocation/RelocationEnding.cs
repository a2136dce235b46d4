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

    /// <summary>The source's engine failed to send.</summary>
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
}
