namespace Godwit.Aoe.Tests.Relay;

/// <summary>What a relay does to frames, in thousandths of all, as a seed has it.</summary>
internal sealed record RelayFaults(int Seed)
{
    public int Drop { get; init; }

    public int Double { get; init; }

    /// <summary>Held up for a time, so that others overtake them. Of a doubled frame each copy has its own fate.</summary>
    public int Hold { get; init; }

    public TimeSpan LongestHold { get; init; } = TimeSpan.FromMilliseconds(100);
}
