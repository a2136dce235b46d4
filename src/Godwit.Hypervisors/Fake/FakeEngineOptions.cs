namespace Godwit.Hypervisors.Fake;

/// <summary>How the guests and lines of a <see cref="FakeEngine"/> behave.</summary>
public sealed record FakeEngineOptions
{
    /// <summary>How often a running guest changes its memory and writes to its disk.</summary>
    public TimeSpan GuestTick { get; init; } = TimeSpan.FromMilliseconds(10);

    public TimeSpan StartTime { get; init; } = TimeSpan.FromMilliseconds(20);

    /// <summary>From the last byte of the stream to the receiver being loaded.</summary>
    public TimeSpan LoadTime { get; init; } = TimeSpan.FromMilliseconds(3);

    /// <summary>From the request to shut down to the guest powering itself off.</summary>
    public TimeSpan ShutdownTime { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Memory traffic in bytes per second.</summary>
    public long BytesPerSecond { get; init; } = 1L << 30;

    /// <summary>Rate at which guests dirty memory, in bytes per second. At or above the line's rate pre-copy never ends.</summary>
    public long DirtyBytesPerSecond { get; init; } = 256L << 20;

    /// <summary>
    /// The design's Hold. Real engines have it in one form or another; without it a copy runs again when the stream
    /// breaks after all was sent, which a simulation switches on to show that it would be noticed.
    /// </summary>
    public bool Holds { get; init; } = true;

    /// <summary>Whether it changes memory and processors of a running guest.</summary>
    public bool Resizes { get; init; } = true;
}

/// <summary>Points at which an engine can be made to fail.</summary>
public enum FakePoint
{
    Start = 1,
    PrepareReceiver,
    Send,
    Receive,
    Continue,

    /// <summary>The receiver has the whole stream and cannot load it.</summary>
    Load,

    /// <summary>It does not give the guest what it is to have.</summary>
    Resize,
}

/// <summary>What a guest's write met.</summary>
public enum FakeWriteResult
{
    Acknowledged = 1,

    /// <summary>The storage refuses this host; the engine stops the guest.</summary>
    Refused,

    /// <summary>The storage does not answer: the guest waits for it.</summary>
    Stalled,
}

/// <summary>What a guest remembers: which boot it is, and the number of its last acknowledged write.</summary>
public readonly record struct FakeMemory(Guid Boot, long Counter);

/// <summary>The disks below an engine: takes a write of a guest that runs in a copy with these disks.</summary>
public delegate FakeWriteResult FakeDiskWrite(CopyOrder order, FakeMemory next);
