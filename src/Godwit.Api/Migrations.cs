using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Godwit.Api;

public sealed record MigrateRequest
{
    public required string Destination { get; init; }

    /// <summary>Give up, with the domain running where it was, after so many seconds; null for no limit.</summary>
    public int? TimeoutSeconds { get; init; }

    /// <summary>Downtime to aim for in the last round, in milliseconds.</summary>
    public int DowntimeLimitMilliseconds { get; init; } = 50;

    /// <summary>Upper bound in bytes per second; 0 for none.</summary>
    public long MaxBytesPerSecond { get; init; }

    /// <summary>Move it although it has disks that no other host can be kept from writing to.</summary>
    public bool Unfenced { get; init; }
}

/// <summary>A relocation as the API shows it, under way or ended.</summary>
public sealed record MigrationInfo
{
    public required Guid Id { get; init; }

    public required string Domain { get; init; }

    public required string From { get; init; }

    public required string To { get; init; }

    /// <summary>
    /// Step of the protocol's table it is in, such as <c>pre-copy</c>; <see cref="Lost"/> where no host that answers knows.
    /// </summary>
    public required string Step { get; init; }

    /// <summary>Left out where no host that answers knows.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public DateTimeOffset Began { get; init; }

    /// <summary>
    /// Seconds since it began. Unlike <see cref="Began"/> it can be compared with those of other hosts, whose clocks may differ;
    /// null where no host that answers knows.
    /// </summary>
    public double? AgeSeconds { get; init; }

    /// <summary>What it waits for, and why; null when for nothing.</summary>
    public string? Waits { get; init; }

    /// <summary>What its user should know, whatever becomes of it.</summary>
    public ImmutableArray<string> Notes { get; init => field = value.IsDefault ? [] : value; } = [];

    public MigrationResult? Result { get; init; }

    /// <summary>A step of which only the registry's record is left.</summary>
    public const string Lost = "unknown";
}

/// <summary>How a relocation ended, and its figures.</summary>
public sealed record MigrationResult
{
    /// <summary>
    /// Member of the closed set of endings, such as <c>completed</c> or <c>destination-refused</c>. Where no daemon remembers
    /// it the record tells: <c>completed</c>, <c>aborted</c>, <c>given-back</c> or <c>taken-over</c>, without figures.
    /// </summary>
    public required string Ending { get; init; }

    public required bool Succeeded { get; init; }

    /// <summary>Who or what was at fault, such as <c>destination</c> or <c>line</c>; null when it completed.</summary>
    public string? FaultSide { get; init; }

    /// <summary>Step in which it failed, such as <c>prepare</c>; null when it completed.</summary>
    public string? FaultStep { get; init; }

    /// <summary>
    /// What became of the domain: <c>on-destination</c>, <c>on-source</c>, <c>elsewhere</c>, <c>cold</c> or <c>ended</c>; null
    /// from a daemon that does not say.
    /// </summary>
    public string? Fate { get; init; }

    /// <summary>For a person: the side and step at fault and what became of the domain.</summary>
    public required string Message { get; init; }

    public string? Remedy { get; init; }

    /// <summary>From the request to the guest running on the other side, in milliseconds.</summary>
    public double TotalMilliseconds { get; init; }

    /// <summary>From STOP on the source to RESUME on the destination, in milliseconds.</summary>
    public double DowntimeMilliseconds { get; init; }

    public DowntimeParts? DowntimeParts { get; init; }

    public int Rounds { get; init; }

    /// <summary>Bytes of the engine's stream that crossed the relocation channel.</summary>
    public long Bytes { get; init; }
}

/// <summary>
/// Named parts of the downtime, in milliseconds. Each has time stamps of its own for its begin and its end; none
/// is a remainder. Stamps of the two hosts are brought to one clock by the channel's measured offset.
/// </summary>
public sealed record DowntimeParts(
    double Stop,
    double LastRound,
    double DeviceState,
    double Commit,
    double Fence,
    double Resume)
{
    [JsonIgnore]
    public double Sum => Stop + LastRound + DeviceState + Commit + Fence + Resume;
}

/// <summary>
/// One line of <c>GET /v1/migrations/ID/events</c> (newline-delimited JSON). The last line has <see cref="Result"/>.
/// </summary>
public sealed record MigrationEvent
{
    public required DateTimeOffset At { get; init; }

    public required string Step { get; init; }

    public int Round { get; init; }

    public long SentBytes { get; init; }

    public long RemainingBytes { get; init; }

    public long TotalBytes { get; init; }

    /// <summary>Bytes of memory the guest dirties in a second; 0 until measured.</summary>
    public long DirtyBytesPerSecond { get; init; }

    public long BytesPerSecond { get; init; }

    /// <summary>Seconds until the guest is expected to run on the other side; null while unknown.</summary>
    public double? ExpectedSeconds { get; init; }

    public string? Note { get; init; }

    public MigrationResult? Result { get; init; }
}
