namespace Godwit.Aoe.Initiator;

/// <summary>How an initiator treats its target.</summary>
public sealed record InitiatorOptions
{
    /// <summary>Session that the target's fence gave to this host; 0 for none.</summary>
    public int Session { get; init; }

    /// <summary>How long a request waits for an answer before it fails.</summary>
    public TimeSpan FailAfter { get; init; } = TimeSpan.FromSeconds(180);

    /// <summary>Most frames on their way at a time on each path; the target's buffer count may say less.</summary>
    public int WindowLimit { get; init; } = 128;

    /// <summary>
    /// How long the target may have served nothing before it is asked whether it is there and what it thinks of this
    /// session. A second bounds how long a superseded copy may run without I/O.
    /// </summary>
    public TimeSpan Heartbeat { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Whether an earlier process used this session for the same user of the disk, and died.</summary>
    public bool InUse { get; init; }

    /// <summary>What an earlier process left to this one, and this one leaves to a later; null: nothing.</summary>
    public AttachMemory? Memory { get; init; }

    /// <summary>
    /// Most bytes of writes that are kept because the target may lose them; when they are more, it is told to flush.
    /// </summary>
    public long UnflushedLimit { get; init; } = 32 << 20;

    /// <summary>
    /// How long the network may hold a frame back. With targets that do not know tags, a write waits for so long when a copy of
    /// an earlier one to the same sectors was sent again and has not been answered as often.
    /// </summary>
    public TimeSpan CopyLifetime { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Stops whoever uses the disk, for its session was superseded: another host writes to it. True once it stands; it is
    /// called again with each check until then, and after. Null: the refusal of its requests has to do.
    /// </summary>
    public Func<CancellationToken, Task<bool>>? StopUser { get; init; }
}
