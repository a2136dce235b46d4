using System.Globalization;
using System.Text;
using Godwit.Simulation.Histories;

namespace Godwit.Simulate;

/// <summary>What a survey came to: states, transitions and ends, and what of them it never saw.</summary>
internal static class Reached
{
    public static string Text(Survey survey)
    {
        var text = new StringBuilder();
        Section(text, "end reasons", Coverage.Endings.Select(ending => (ending.ToString(), survey.Endings.GetValueOrDefault(ending))));
        Section(text, "states", Coverage.States.Select(state => (state, survey.States.GetValueOrDefault(state))));
        Section(text, "transitions", Coverage.Transitions.Select(transition => (transition, survey.Transitions.GetValueOrDefault(transition))));
        var pairs = Plan.Pairs.Select(pair => survey.Pairs.GetValueOrDefault(pair)).ToList();
        text.Append(CultureInfo.InvariantCulture, $"pairs of step and fault: {pairs.Count}, each came at least {pairs.Min()} times; a history had at least {survey.FewestFaults} faults\n");
        return text.ToString();
    }

    private static void Section(StringBuilder text, string name, IEnumerable<(string What, int Count)> all)
    {
        var counted = all.ToList();
        text.Append(CultureInfo.InvariantCulture, $"{name}: {counted.Count(c => c.Count > 0)} of {counted.Count} reached\n");
        foreach (var (what, count) in counted)
            text.Append(CultureInfo.InvariantCulture, $"  {count,8}  {what}\n");
    }
}
