using System.Text.Json.Serialization;

namespace Godwit.Aoe.Control;

/// <summary>A way to the target of an attached device: an interface of this host, and an address that answers there.</summary>
public sealed record PathStatus
{
    public required string Interface { get; init; }

    /// <summary>Ethernet address of the target.</summary>
    public required string TargetMac { get; init; }

    public required PathCondition State { get; init; }

    /// <summary>Of our interface, in bytes.</summary>
    public required int Mtu { get; init; }

    public required int SectorsPerFrame { get; init; }

    /// <summary>Frames that may be on their way at a time, now.</summary>
    public required int Window { get; init; }

    /// <summary>What <see cref="Window"/> may grow to.</summary>
    public required int WindowLimit { get; init; }

    public required int InFlight { get; init; }

    /// <summary>Mean time from a frame to its answer, in microseconds.</summary>
    public required long RttMicroseconds { get; init; }

    /// <summary>Time after which a frame counts as lost, in microseconds.</summary>
    public required long TimeoutMicroseconds { get; init; }

    /// <summary>Frames that were sent here and had been sent before, here or elsewhere.</summary>
    public required long Retransmits { get; init; }

    public required LatencyStatus Latency { get; init; }
}

/// <summary>
/// What the last 1,024 frames with data took from the first time that they were sent to their answer, in microseconds; 0 where
/// there were none.
/// </summary>
/// <param name="P50">Half took no longer.</param>
/// <param name="P99">99 of 100 took no longer.</param>
/// <param name="Max">None took longer.</param>
public sealed record LatencyStatus(long P50, long P99, long Max);

[JsonConverter(typeof(JsonStringEnumConverter<PathCondition>))]
public enum PathCondition
{
    /// <summary>It carries requests.</summary>
    [JsonStringEnumMemberName("up")]
    Up = 1,

    /// <summary>It has not answered for some time, and is asked again and again.</summary>
    [JsonStringEnumMemberName("down")]
    Down,

    /// <summary>It is not known yet whether the same target is at its end.</summary>
    [JsonStringEnumMemberName("unproven")]
    Unproven,

    /// <summary>Another target is at its end, with the same shelf and slot: it is not used.</summary>
    [JsonStringEnumMemberName("foreign")]
    Foreign,

    /// <summary>The target's fence does not admit this host's address there: it is not used.</summary>
    [JsonStringEnumMemberName("refused")]
    Refused,
}
