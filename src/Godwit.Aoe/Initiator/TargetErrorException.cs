namespace Godwit.Aoe.Initiator;

/// <summary>The target refused or failed a request, or has not answered in time.</summary>
public sealed class TargetErrorException(TargetFailure failure, string message) : IOException(message)
{
    public TargetFailure Failure { get; } = failure;
}

public enum TargetFailure
{
    /// <summary>Error status of the ATA device: refused by the fence, outside of the disk, or a failing medium.</summary>
    AtaError = 1,

    /// <summary>Error of the AoE layer, such as a reservation of others.</summary>
    AoeError,

    TimedOut,

    /// <summary>The target was started anew: it refused what was meant for its earlier start, or has lost writes with it.</summary>
    StartedAnew,

    /// <summary>The device was detached, or its network interface went away.</summary>
    Detached,
}
