using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Godwit.AoeBench;

/// <summary>A ratio that Godwit is to reach.</summary>
internal sealed record Goal(string What, double Ratio, double? AtLeast = null, double? AtMost = null)
{
    public bool Met => (AtLeast is not { } least || Ratio >= least) && (AtMost is not { } most || Ratio <= most);
}

/// <summary>A line of the table.</summary>
internal sealed record Line(string Series, string Target, Measured Measured);

/// <summary>All medians and what they come to, for a person and for a program.</summary>
internal sealed record Report(DateTimeOffset At, int Rounds, double SyncMicroseconds, IReadOnlyList<Line> Lines, IReadOnlyList<Goal> Goals)
{
    public static Report Of(
        Dictionary<(Series Series, string Server), List<Measured>> measured, (List<double> Godwit, List<double> Nbdkit)? nbd, double sync, int rounds)
    {
        Line[] lines = [.. measured.Select(m => new Line(m.Key.Series.ToString(), m.Key.Server, Measured.MedianOf(m.Value)))];
        return new Report(DateTimeOffset.UtcNow, rounds, sync, lines, [.. GoalsOf(measured, nbd)]);
    }

    public string Json() => JsonSerializer.Serialize(this, ReportJson.Default.Report);

    public string Text()
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"medians of {Rounds}; one fdatasync of 4 KiB: {SyncMicroseconds:F0} us");
        text.AppendLine("                                                    latency us     CPU us a request");
        text.AppendLine("series                          target        /s   median     99 %   target  generator  retransmits");
        foreach (var (series, target, m) in Lines)
        {
            text.AppendLine(CultureInfo.InvariantCulture,
                $"{series,-31} {target,-7} {m.PerSecond,8:F0} {m.MedianMicroseconds,8:F1} {m.P99Microseconds,8:F1} {m.TargetCpuMicroseconds,8:F2} {m.GeneratorCpuMicroseconds,10:F2} {m.Retransmits,12:F0}");
        }
        text.AppendLine();
        foreach (var goal in Goals)
        {
            var bound = goal.AtLeast is { } least ? $"at least {least.ToString("F2", CultureInfo.InvariantCulture)}"
                : $"at most {goal.AtMost!.Value.ToString("F2", CultureInfo.InvariantCulture)}";
            text.AppendLine(CultureInfo.InvariantCulture, $"{goal.What,-70} {goal.Ratio,6:F2}  {bound}  {(goal.Met ? "met" : "NOT MET")}");
        }
        return text.ToString();
    }

    private static IEnumerable<Goal> GoalsOf(
        Dictionary<(Series Series, string Server), List<Measured>> measured, (List<double> Godwit, List<double> Nbdkit)? nbd)
    {
        foreach (var series in measured.Keys.Select(key => key.Series).Distinct())
        {
            if (!measured.TryGetValue((series, "godwit"), out var godwit) || !measured.TryGetValue((series, "vblade"), out var vblade)) continue;
            if (series is { Writes: true, Depth: 32 })
                yield return new Goal($"{series}: to vblade -s", Measured.MedianRatio(godwit, vblade, m => m.PerSecond), AtLeast: 3);
            if (series.Writes) continue;
            if (series.Depth == 1)
                yield return new Goal($"{series}: latency to vblade", Measured.MedianRatio(godwit, vblade, m => m.MedianMicroseconds), AtMost: 1);
            if (series.Depth == 32)
            {
                yield return new Goal($"{series}: to vblade", Measured.MedianRatio(godwit, vblade, m => m.PerSecond), AtLeast: 1.5);
                yield return new Goal($"{series}: to the limit", Measured.MedianRatio(godwit, measured[(series, "limit")], m => m.PerSecond), AtLeast: 0.9);
                yield return new Goal(
                    $"{series}: CPU of the target to vblade's", Measured.MedianRatio(godwit, vblade, m => m.TargetCpuMicroseconds), AtMost: 0.7);
            }
        }
        if (nbd is { } reads)
        {
            var (ours, theirs) = (Measured.Median(reads.Godwit), Measured.Median(reads.Nbdkit));
            yield return new Goal(
                string.Create(CultureInfo.InvariantCulture, $"NBD reads 4 KiB depth 32 ({ours:F0}/s): to nbdkit's memory ({theirs:F0}/s)"),
                Measured.MedianRatio(reads.Godwit, reads.Nbdkit, perSecond => perSecond), AtLeast: 0.5);
        }
    }
}

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(Report))]
internal sealed partial class ReportJson : JsonSerializerContext;
