using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Godwit.Lab.Demo;

/// <summary>What the demo has measured; the form of <c>--json FILE</c>.</summary>
public sealed record DemoReport
{
    public required ImmutableArray<MigrationFigures> Migrations { get; init; }

    public required PowerFigures PowerPulled { get; init; }

    public required int PingsSent { get; init; }

    public required int PingsLost { get; init; }

    public required long WritesAcknowledged { get; init; }

    /// <summary>Lines that the guest reported as durable and that are not on the volume.</summary>
    public required long WritesLost { get; init; }

    public required bool TcpUnbroken { get; init; }

    /// <summary>The most copies of the domain that were there at once whenever no move was under way.</summary>
    public required int RunningCopies { get; init; }

    public required bool FilesystemClean { get; init; }

    public required string Accelerator { get; init; }

    public required string Image { get; init; }
}

/// <summary>One migration; times in milliseconds.</summary>
public sealed record MigrationFigures
{
    public required string From { get; init; }

    public required string To { get; init; }

    public required double TotalMs { get; init; }

    /// <summary>From STOP on the source to RESUME on the destination.</summary>
    public required double DowntimeMs { get; init; }

    public required DowntimePartFigures DowntimePartsMs { get; init; }

    public required int Rounds { get; init; }

    public required long Bytes { get; init; }

    public required double LongestPingGapMs { get; init; }

    public required int PingsLost { get; init; }
}

/// <summary>The named parts of a downtime, in milliseconds.</summary>
public sealed record DowntimePartFigures
{
    public required double Stop { get; init; }

    public required double LastRound { get; init; }

    public required double DeviceState { get; init; }

    public required double Commit { get; init; }

    public required double Fence { get; init; }

    public required double Resume { get; init; }

    [JsonIgnore]
    public double Sum => Stop + LastRound + DeviceState + Commit + Fence + Resume;
}

/// <summary>What was seen from outside while the power of a host was pulled.</summary>
public sealed record PowerFigures
{
    public required string Host { get; init; }

    public required double LongestPingGapMs { get; init; }

    public required int PingsLost { get; init; }
}

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(DemoReport))]
internal sealed partial class DemoJson : JsonSerializerContext;
