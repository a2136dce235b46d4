using Godwit.Hypervisors.Fake;
using Godwit.Relocation;
using Godwit.Simulation.Tests.Histories;
using Godwit.Simulation.Tests.World;

namespace Godwit.Simulation.Tests;

public class HistoryTests(ITestOutputHelper output)
{
    private const int Histories = 600;

    /// <summary>A failing seed is run alone with GODWIT_SEED=n.</summary>
    [Fact]
    public void EveryHistoryEndsWell()
    {
        var (first, count) = int.TryParse(Environment.GetEnvironmentVariable("GODWIT_SEED"), out var only) ? (only, 1) : (1, Histories);
        if (int.TryParse(Environment.GetEnvironmentVariable("GODWIT_HISTORIES"), out var many))
            count = many;
        var endings = new Dictionary<RelocationEnding, int>();
        var failures = new List<(int Seed, Outcome Outcome)>();
        var steps = 0L;
        for (var seed = first; seed < first + count; seed++)
        {
            var outcome = History.Run(seed, new SimOptions());
            steps += outcome.Steps;
            foreach (var ending in outcome.Endings)
                endings[ending] = endings.GetValueOrDefault(ending) + 1;
            if (outcome.Failure is not null)
                failures.Add((seed, outcome));
        }
        output.WriteLine($"{count} histories, {steps} steps: {string.Join(", ", endings.OrderBy(e => e.Key).Select(e => $"{e.Key} {e.Value}"))}");
        foreach (var (seed, outcome) in failures.Take(20))
            output.WriteLine($"seed {seed}: {outcome.Failure}");
        Assert.True(failures.Count == 0, failures.Count == 0 ? "" : $"{failures.Count} of {count} fail; the first is {failures[0].Outcome.Explain(failures[0].Seed)}");
        // Faults must not be so many that nothing succeeds, nor so few that nothing fails.
        if (count == Histories)
            Assert.Superset(new HashSet<RelocationEnding>([RelocationEnding.Completed, RelocationEnding.ChannelLost, RelocationEnding.Cancelled]), endings.Keys.ToHashSet());
    }

    [Fact]
    public void ASeedGivesTheSameHistoryEachTime()
    {
        var lines = 0;
        for (var seed = 1; seed <= 40; seed++)
        {
            var first = History.Run(seed, new SimOptions());
            Assert.Equal(first.Trace, History.Run(seed, new SimOptions()).Trace);
            lines += first.Trace.Count;
        }
        Assert.True(lines > 2000, "the traces say too little to tell two histories apart");
    }

    [Fact]
    public void WithoutHoldAMemoryRunsTwice() =>
        AssertNoticed(new SimOptions { Engine = new FakeEngineOptions { Holds = false } }, "follows write");

    [Fact]
    public void WithoutCompareAndSetADomainHasTwoOwners() => AssertNoticed(new SimOptions { Compares = false }, "the epoch of the record fell");

    /// <summary>An invariant breaks in a history that ends well when the safeguard is on.</summary>
    private void AssertNoticed(SimOptions options, string invariant)
    {
        var others = new HashSet<string>();
        for (var seed = 1; seed < 2000; seed++)
        {
            if (History.Run(seed, options).Failure is not { } failure)
                continue;
            others.Add(failure);
            if (!failure.Contains(invariant, StringComparison.Ordinal))
                continue;
            output.WriteLine($"seed {seed}: {failure}");
            Assert.Null(History.Run(seed, new SimOptions()).Failure);
            return;
        }
        Assert.Fail($"No history breaks the invariant; seen were: {string.Join("; ", others)}");
    }
}
