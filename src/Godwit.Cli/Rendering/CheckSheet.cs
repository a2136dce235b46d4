using System.Collections.Immutable;
using Godwit.Api;

namespace Godwit.Cli.Rendering;

/// <summary>What <c>godwit host check</c> prints: for each host its findings, what is wrong first, each with its remedy below.</summary>
internal static class CheckSheet
{
    public static void Write(TextWriter output, ImmutableArray<HostCheckReport> reports)
    {
        foreach (var report in reports)
        {
            if (report != reports[0]) output.WriteLine();
            output.WriteLine($"{report.Host}: {Verdict(report)}");
            foreach (var finding in report.Findings.OrderByDescending(finding => finding.Level))
            {
                output.WriteLine($"  {Word(finding.Level),-8} {finding.Check,-18} {finding.Message}");
                if (finding.Remedy is not null) output.WriteLine($"  {"",-8} {"",-18} -> {finding.Remedy}");
            }
        }
    }

    public static string Word(FindingLevel level) => level switch
    {
        FindingLevel.Error => "error",
        FindingLevel.Warning => "warning",
        FindingLevel.Ok => "ok",
        _ => "unknown",
    };

    private static string Verdict(HostCheckReport report)
    {
        var parts = new List<string>();
        Count(FindingLevel.Error, "error", "errors");
        Count(FindingLevel.Warning, "warning", "warnings");
        Count(FindingLevel.Unknown, "not found out", "not found out");
        return (report.Fit ? "fit" : "not fit") + (parts.Count > 0 ? ", " + string.Join(", ", parts) : "");

        void Count(FindingLevel level, string one, string several)
        {
            var count = report.Findings.Count(finding => finding.Level == level);
            if (count > 0) parts.Add(Units.Text($"{count} {(count == 1 ? one : several)}"));
        }
    }
}
