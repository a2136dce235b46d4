using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Godwit.Bench;

/// <summary>Medians, ratios, lost pings and all single moves, for a person and for a program.</summary>
internal sealed record Report(
    DateTimeOffset At,
    IReadOnlyList<Medians> Medians,
    IReadOnlyList<Target> Targets,
    IReadOnlyList<NamedMoves> Moves)
{
    public static Report Of(IReadOnlyDictionary<(string Guest, string Way), IReadOnlyList<Move>> moves)
    {
        Medians[] medians = [.. moves.Select(m => Bench.Medians.Of(m.Key.Guest, m.Key.Way, m.Value))];
        return new Report(
            DateTimeOffset.UtcNow, medians, [.. medians.GroupBy(m => m.Guest).SelectMany(TargetsOf)],
            [.. moves.Select(m => new NamedMoves(m.Key.Guest, m.Key.Way, m.Value))]);
    }

    public string Json() => JsonSerializer.Serialize(this, ReportJson.Default.Report);

    public string Text()
    {
        var text = new StringBuilder("guest  way     runs  total ms  command ms  downtime ms  ping gap ms   lost/sent      MiB\n");
        foreach (var m in Medians)
        {
            text.AppendLine(CultureInfo.InvariantCulture,
                $"{m.Guest,-6} {m.Way,-7} {m.Runs,4} {m.TotalMs,9:F0} {m.CommandMs,11:F0} {m.DowntimeMs,12:F1} {m.PingGapMs,12:F1} {$"{m.PingsLost}/{m.PingsSent}",11} {m.Bytes / 1048576.0,8:F1}");
        }
        foreach (var (moves, index, move) in Moves.SelectMany(m => m.Moves.Index().Select(i => (m, i.Index, i.Item))))
            foreach (var ping in move.LostPings)
                text.AppendLine(CultureInfo.InvariantCulture, $"{moves.Guest,-6} {moves.Way,-7} move {index + 1}: {ping}");
        text.AppendLine();
        foreach (var t in Targets)
        {
            text.AppendLine(CultureInfo.InvariantCulture,
                $"{t.Guest,-6} {t.What,-17} {t.Ratio,6:F2}  at most {t.AtMost:F2}  {(t.Met ? "met" : "NOT MET")}");
        }
        return text.ToString();
    }

    private static IEnumerable<Target> TargetsOf(IGrouping<string, Medians> guest)
    {
        var ways = guest.ToDictionary(m => m.Way);
        if (!ways.TryGetValue("godwit", out var godwit)) yield break;
        yield return new Target(guest.Key, "pings lost", godwit.PingsLost, 0);
        if (ways.TryGetValue("virsh", out var virsh))
        {
            yield return new Target(guest.Key, "total / virsh", godwit.TotalMs / virsh.TotalMs, 0.35);
            yield return new Target(guest.Key, "downtime / virsh", godwit.DowntimeMs / virsh.DowntimeMs, 1.0);
        }
        if (ways.TryGetValue("raw", out var raw))
        {
            yield return new Target(guest.Key, "total / raw", godwit.TotalMs / raw.TotalMs, 1.3);
            yield return new Target(guest.Key, "downtime / raw", godwit.DowntimeMs / raw.DowntimeMs, 1.3);
        }
    }
}

internal sealed record NamedMoves(string Guest, string Way, IReadOnlyList<Move> Moves);

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(Report))]
internal sealed partial class ReportJson : JsonSerializerContext;
