namespace Godwit.Relocation;

/// <summary>What the person who asks for a relocation may choose.</summary>
public sealed record RelocationOptions
{
    /// <summary>Give up before the stop, with the domain running where it was; null for no limit.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>Downtime to aim for in the last round, in milliseconds.</summary>
    public int DowntimeLimitMilliseconds { get; init; } = 50;

    /// <summary>Upper bound in bytes per second; 0 for none.</summary>
    public long MaxBytesPerSecond { get; init; }

    /// <summary>Also with disks that no other host can be kept from writing to.</summary>
    public bool Unfenced { get; init; }
}
