using System.Globalization;
using Godwit.Simulation.Histories;
using Godwit.Simulation.World;

namespace Godwit.Simulation.Tests;

public class HistoryTests(ITestOutputHelper output)
{
    private const int FewestOfEachPair = 20;
    private const int FewestFaults = 3;

    /// <summary>More or fewer by GODWIT_HISTORIES, others by GODWIT_SEED.</summary>
    [Fact]
    public void EveryHistoryEndsWell()
    {
        var count = Number("GODWIT_HISTORIES") ?? Survey.Whole;
        var survey = Survey.Run(Number("GODWIT_SEED") ?? 1, count, new SimOptions());
        output.WriteLine(survey.ToString());
        foreach (var failure in survey.Failures.Take(40))
            output.WriteLine($"{failure.Failure}    {failure.Plan}");
        if (survey.Failures is [var first, ..])
        {
            var smallest = Shrinking.Shrink(first.Plan, new SimOptions());
            Assert.Fail($"{survey.Failures.Count} of {count} fail; the first, made smaller, is {smallest.Plan}: {smallest.Failure}\n{string.Join('\n', smallest.Trace)}");
        }
        if (count < Survey.Whole)
            return;
        Assert.True(survey.FewestFaults >= FewestFaults, $"a history had {survey.FewestFaults} faults");
        Assert.All(Plan.Pairs, pair => Assert.True(survey.Pairs.GetValueOrDefault(pair) >= FewestOfEachPair, $"{pair} came {survey.Pairs.GetValueOrDefault(pair)} times"));
        Assert.Empty(survey.Unreached);
    }

    /// <summary>Few histories have that by chance, and nobody would miss it.</summary>
    [Fact]
    public void ASourceThatIsTakenOverWhileItRegainsIsReachedByThePlansMadeForIt() => Assert.Contains(
        "source Regaining > HandedOver", Enumerable.Range(1, 60).SelectMany(n => History.Run(Plan.Of(n * Plan.Directed), new SimOptions()).Transitions));

    [Fact]
    public void ASmallSurveySaysWhatItHasNotReached()
    {
        var survey = Survey.Run(1, 3, new SimOptions());
        Assert.Contains("source Checking", survey.States.Keys);
        Assert.Contains("transition source Regaining > HandedOver", survey.Unreached);
        Assert.All(survey.States.Keys, state => Assert.Contains(state, Coverage.States));
    }

    [Fact]
    public void APlanGivesTheSameHistoryEachTime()
    {
        var lines = 0;
        for (var seed = 1; seed <= 60; seed++)
        {
            var options = new SimOptions { Traces = true };
            var first = History.Run(Plan.Of(seed), options);
            Assert.Equal(first.Trace, History.Run(Plan.Parse(Plan.Of(seed).ToString()), options).Trace);
            lines += first.Trace.Count;
        }
        Assert.True(lines > 3000, "the traces say too little to tell two histories apart");
    }

    [Fact]
    public void AFailingPlanShrinksToWhatFails()
    {
        var options = new SimOptions { Replays = false };
        var failing = Enumerable.Range(1, 2000).Select(Plan.Of)
            .First(plan => plan.Faults.Length > 3 && plan.Faults.Any(f => f.Fault == Fault.StorageLosesPower) && History.Run(plan, options).Failure is not null);
        var smallest = Shrinking.Shrink(failing, options);
        Assert.NotNull(smallest.Failure);
        Assert.NotEmpty(smallest.Trace);
        Assert.True(smallest.Plan.Faults.Length < failing.Faults.Length);
        Assert.Contains(smallest.Plan.Faults, f => f.Fault == Fault.StorageLosesPower);
    }

    private static int? Number(string variable) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out var number) ? number : null;
}
