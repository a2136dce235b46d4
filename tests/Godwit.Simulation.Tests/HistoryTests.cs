using Godwit.Simulation.Histories;
using Godwit.Simulation.World;

namespace Godwit.Simulation.Tests;

public class HistoryTests(ITestOutputHelper output)
{
    private const int Histories = 20_000;

    /// <summary>More or fewer by GODWIT_HISTORIES, others by GODWIT_SEED.</summary>
    [Fact]
    public void EveryHistoryEndsWell()
    {
        var count = Number("GODWIT_HISTORIES") ?? Histories;
        var survey = Survey.Run(Number("GODWIT_SEED") ?? 1, count, new SimOptions());
        output.WriteLine(survey.ToString());
        foreach (var failure in survey.Failures.Take(40))
            output.WriteLine($"{failure.Failure}    {failure.Plan}");
        if (survey.Failures is [var first, ..])
        {
            var smallest = Shrinking.Shrink(first.Plan, new SimOptions());
            Assert.Fail($"{survey.Failures.Count} of {count} fail; the first, made smaller, is {smallest.Plan}: {smallest.Failure}\n{string.Join('\n', smallest.Trace)}");
        }
    }

    private static int? Number(string variable) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), System.Globalization.CultureInfo.InvariantCulture, out var number) ? number : null;
}
