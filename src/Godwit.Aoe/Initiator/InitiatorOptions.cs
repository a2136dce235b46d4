namespace Godwit.Aoe.Initiator;

/// <summary>How an initiator treats its target.</summary>
public sealed record InitiatorOptions
{
    /// <summary>Session that the target's fence gave to this host; 0 for none.</summary>
    public int Session { get; init; }

    /// <summary>How long a request waits for an answer before it fails.</summary>
    public TimeSpan FailAfter { get; init; } = TimeSpan.FromSeconds(180);

    /// <summary>Most frames on their way at a time; the target's buffer count may say less.</summary>
    public int WindowLimit { get; init; } = 128;

    /// <summary>How often the target is asked whether it is there and what it thinks of this session.</summary>
    public TimeSpan Heartbeat { get; init; } = TimeSpan.FromSeconds(1);
}
