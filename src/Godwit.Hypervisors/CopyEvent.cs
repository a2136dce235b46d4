namespace Godwit.Hypervisors;

/// <summary>Something that happened to a copy. <see cref="At"/> is the engine's own time stamp where it gives one.</summary>
public abstract record CopyEvent(DateTimeOffset At)
{
    /// <summary>The guest executes no more, for whatever reason.</summary>
    public sealed record Stopped(DateTimeOffset At) : CopyEvent(At);

    /// <summary>The guest executes again, or for the first time.</summary>
    public sealed record Resumed(DateTimeOffset At) : CopyEvent(At);

    /// <summary>A round of pre-copy began.</summary>
    public sealed record RoundBegan(DateTimeOffset At, int Round) : CopyEvent(At);

    /// <summary>The guest is stopped and the engine waits for the permission to send the rest.</summary>
    public sealed record SwitchoverReady(DateTimeOffset At) : CopyEvent(At);

    /// <summary>The last page of memory has left; the state of the devices follows.</summary>
    public sealed record MemorySent(DateTimeOffset At) : CopyEvent(At);

    /// <summary>All is sent and the other side has loaded it; this copy is held.</summary>
    public sealed record Held(DateTimeOffset At) : CopyEvent(At);

    /// <summary>Sending ended before Hold.</summary>
    public sealed record SendFailed(DateTimeOffset At, string Reason) : CopyEvent(At);

    /// <summary>A receiver has loaded all and is paused.</summary>
    public sealed record Loaded(DateTimeOffset At) : CopyEvent(At);

    public sealed record ReceiveFailed(DateTimeOffset At, string Reason) : CopyEvent(At);

    /// <summary>The guest powered itself off, or was asked to.</summary>
    public sealed record GuestPoweredOff(DateTimeOffset At) : CopyEvent(At);

    /// <summary>The guest restarted; the engine has stopped it there so that <c>on_reboot</c> can be followed.</summary>
    public sealed record GuestRebooted(DateTimeOffset At) : CopyEvent(At);

    public sealed record GuestPanicked(DateTimeOffset At) : CopyEvent(At);

    /// <summary>A disk refused or failed a request; the engine has stopped the guest.</summary>
    public sealed record DiskFailed(DateTimeOffset At, string Device, string Reason) : CopyEvent(At);

    /// <summary>The engine's process is gone. It is the last event.</summary>
    public sealed record Exited(DateTimeOffset At, string Reason) : CopyEvent(At);
}
