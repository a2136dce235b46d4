using System.Text;
using Godwit.Api;

namespace Godwit.Cli.Rendering;

/// <summary>A relocation in words: its progress line by line, and how it ended.</summary>
internal static class MigrationText
{
    /// <summary>What is known at this moment, in one line without the time.</summary>
    public static string Progress(MigrationEvent e)
    {
        var line = new StringBuilder(e.Step);
        if (e.Round > 0) line.Append(Units.Text($"  round {e.Round}"));
        if (e.SentBytes > 0) line.Append("  sent ").Append(Units.Bytes(e.SentBytes));
        // Nothing remaining says something only once something was sent.
        if (e.RemainingBytes > 0 || e.SentBytes > 0) line.Append("  remaining ").Append(Units.Bytes(e.RemainingBytes));
        if (e.DirtyBytesPerSecond > 0) line.Append("  dirty ").Append(Units.Rate(e.DirtyBytesPerSecond));
        if (e.BytesPerSecond > 0) line.Append("  at ").Append(Units.Rate(e.BytesPerSecond));
        if (e.ExpectedSeconds is { } left) line.Append("  expected in ").Append(Units.Seconds(left));
        if (e.Note is not null) line.Append("  (").Append(e.Note).Append(')');
        return line.ToString();
    }

    /// <summary>The end of a relocation that succeeded: figures, and the downtime in its measured parts.</summary>
    public static IEnumerable<string> Summary(MigrationInfo migration, MigrationResult result)
    {
        yield return Units.Text(
            $"{migration.Domain} moved from {migration.From} to {migration.To} in {Units.Milliseconds(result.TotalMilliseconds)}: {result.Rounds} {(result.Rounds == 1 ? "round" : "rounds")}, {Units.Bytes(result.Bytes)}");
        yield return result.DowntimeParts is { } p
            ? Units.Text(
                $"downtime {Units.Milliseconds(result.DowntimeMilliseconds)} = stop {p.Stop:0.0} + last round {p.LastRound:0.0} + device state {p.DeviceState:0.0} + commit {p.Commit:0.0} + fence {p.Fence:0.0} + resume {p.Resume:0.0} ms")
            : $"downtime {Units.Milliseconds(result.DowntimeMilliseconds)}";
    }

    /// <summary>The end of one that did not succeed, as an error: what became of the domain, and who or what was at fault where.</summary>
    public static ApiError Failure(MigrationInfo migration, MigrationResult result) =>
        new(result.Ending, Fault(migration, result) is { } fault ? $"{result.Message} (because of {fault})" : result.Message, result.Remedy);

    /// <summary>The side at fault and the step, in words; null where the daemon does not say.</summary>
    public static string? Fault(MigrationInfo migration, MigrationResult result)
    {
        if (result.FaultSide is not { } side) return null;
        var who = side switch
        {
            "source" => $"the source {migration.From}",
            "destination" => $"the destination {migration.To}",
            "line" => $"the line between {migration.From} and {migration.To}",
            "registry" => "the registry",
            "storage" => "a disk or the host that serves it",
            "guest" => "the guest itself",
            "user" => "a user",
            _ => side,
        };
        return result.FaultStep is { } step ? $"{who}, in {step}" : who;
    }

    /// <summary>Share of the memory that has arrived, 0 to 1; 0 while nothing is known.</summary>
    public static double Share(MigrationEvent e) =>
        e.SentBytes + e.RemainingBytes is > 0 and var all ? (double)e.SentBytes / all : 0;
}
