using System.Text.Json.Serialization;

namespace Godwit.Aoe.Control;

/// <summary>What an attached device says of itself.</summary>
public sealed record AttachStatus
{
    /// <summary>Address, as in <c>e0.0</c>.</summary>
    public required string Device { get; init; }

    /// <summary>Bytes.</summary>
    public required long Size { get; init; }

    public required int Session { get; init; }

    public required AttachState State { get; init; }

    /// <summary>Those that it uses, with commas in between.</summary>
    public required string Interface { get; init; }

    /// <summary>Least of the interfaces, in bytes.</summary>
    public required int Mtu { get; init; }

    /// <summary>Ethernet address of the target, on the first path that is up.</summary>
    public required string TargetMac { get; init; }

    public required int SectorsPerFrame { get; init; }

    /// <summary>Frames that may be on their way at a time, now, on all paths together.</summary>
    public required int Window { get; init; }

    public required int InFlight { get; init; }

    /// <summary>Mean time from a frame to its answer, in microseconds.</summary>
    public required long RttMicroseconds { get; init; }

    public required long Retransmits { get; init; }

    /// <summary>Of all paths together.</summary>
    public LatencyStatus? Latency { get; init; }

    /// <summary>The ways to the target that are known.</summary>
    public IReadOnlyList<PathStatus> Paths { get; init; } = [];

    /// <summary>Whether the engine was seen to stand after the session was superseded; null while it is not.</summary>
    public bool? EngineStopped { get; init; }

    /// <summary>Why answered writes are lost, so that every request fails; null when none are.</summary>
    public string? Lost { get; init; }

    /// <summary>Whether the target answers writes before they are on stable storage, as it was asked to.</summary>
    public required bool WriteCache { get; init; }
}

[JsonConverter(typeof(JsonStringEnumConverter<AttachState>))]
public enum AttachState
{
    /// <summary>The target answers.</summary>
    [JsonStringEnumMemberName("up")]
    Up = 1,

    /// <summary>The target has not answered for some time; requests wait.</summary>
    [JsonStringEnumMemberName("down")]
    Down,

    /// <summary>The target answers, but refuses this session: it is not admitted, or it was never the writer's.</summary>
    [JsonStringEnumMemberName("refused")]
    Refused,

    /// <summary>The session was the writer's, and another has the role now: this copy must not run any more.</summary>
    [JsonStringEnumMemberName("superseded")]
    Superseded,
}
