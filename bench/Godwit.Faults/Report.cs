using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Godwit.Faults;

/// <summary>The table: a line for each fault, a column for each step, what came of it and the time to settled.</summary>
internal static class Report
{
    public static string Table(IReadOnlyList<CellOutcome> outcomes)
    {
        var text = new StringBuilder("| fault |");
        foreach (var step in Step.All) text.Append(CultureInfo.InvariantCulture, $" {step.Number} {step.Name} |");
        text.Append("\n|---|").Insert(text.Length, "---|", Step.All.Count).Append('\n');
        foreach (var fault in Fault.All.Where(f => outcomes.Any(o => o.Cell.Fault == f)))
        {
            text.Append(CultureInfo.InvariantCulture, $"| {fault.Name} |");
            foreach (var step in Step.All)
            {
                var outcome = outcomes.FirstOrDefault(o => o.Cell.Fault == fault && o.Cell.Step == step);
                text.Append(outcome is null
                    ? fault.AppliesTo(step) ? "  |" : " – |"
                    : string.Create(CultureInfo.InvariantCulture, $" {outcome.Outcome} {outcome.SettledAfter.TotalSeconds:0.0} |"));
            }
            text.Append('\n');
        }
        return text.ToString();
    }

    /// <summary>A run that was interrupted has shown nothing of the cells that it left out.</summary>
    public static int ExitCode(IReadOnlyList<CellOutcome> outcomes, int asked) =>
        outcomes.Any(o => o.Problem is not null) ? 1 : outcomes.Count < asked ? 2 : 0;

    public static string Summary(IReadOnlyList<CellOutcome> outcomes)
    {
        var times = outcomes.Where(o => o.Problem is null).Select(o => o.SettledAfter.TotalSeconds).Order().ToArray();
        var median = times.Length == 0 ? 0 : times[times.Length / 2];
        return string.Create(CultureInfo.InvariantCulture,
            $"{outcomes.Count} cells, {outcomes.Count(o => o.Problem is not null)} fall short; settled after {median:0.0} s (median), {times.LastOrDefault():0.0} s (longest)");
    }

    public static string Json(IReadOnlyList<CellOutcome> outcomes) => JsonSerializer.Serialize(
        outcomes.Select(o => new
        {
            step = o.Cell.Step.Name,
            fault = o.Cell.Fault.Name,
            outcome = o.Outcome,
            running_seconds = o.RunningAfter.TotalSeconds,
            settled_seconds = o.SettledAfter.TotalSeconds,
            problem = o.Problem,
        }));
}
