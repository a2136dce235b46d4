using Godwit.Faults;

namespace Godwit.Lab.Tests.Faults;

public sealed class SamplingTests
{
    private const int Labs = 4;
    private static readonly TimeSpan s_each = TimeSpan.FromSeconds(200);

    [Fact]
    public void What_is_drawn_fits_and_leaves_little_time()
    {
        for (var seed = 1; seed <= 500; seed++)
        {
            var lasts = Last(Sampling.Draw(seed, Labs, s_each));
            Assert.True(lasts.Max() <= s_each, $"seed {seed}: {lasts.Max()}");
            Assert.True(lasts.Min() > s_each - TimeSpan.FromSeconds(35), $"seed {seed}: {lasts.Min()}");
        }
    }

    [Fact]
    public void Every_cell_is_drawn_by_some_seed_and_none_twice_by_one()
    {
        var drawn = new HashSet<Cell>();
        for (var seed = 1; seed <= 500; seed++)
        {
            var cells = Sampling.Draw(seed, Labs, s_each);
            Assert.Equal(cells.Count, cells.Distinct().Count());
            Assert.Equal(cells, Sampling.Draw(seed, Labs, s_each));
            drawn.UnionWith(cells);
        }
        Assert.Equal(Cell.All.Count, drawn.Count);
    }

    [Theory]
    [InlineData("stop registry 60 s", "stop", 75)]
    [InlineData("cut source storage 20 s", "stop", 35)]
    [InlineData("cut source storage there 2 s", "stop", 17)]
    [InlineData("kill source daemon", "stop", 20)]
    [InlineData("kill source engine", "stop", 30)]
    [InlineData("kill source engine", "commit", 20)]
    public void A_cell_costs_what_its_fault_lasts_and_what_follows(string fault, string step, int seconds) =>
        Assert.Equal(seconds, Sampling.CostOf(Find(fault, step)).TotalSeconds);

    internal static Cell Find(string fault, string step) => Cell.All.Single(c => c.Fault.Name == fault && c.Step.Name == step);

    /// <summary>As the labs take them: the one that is free first has the next.</summary>
    private static TimeSpan[] Last(IEnumerable<Cell> cells)
    {
        var free = new PriorityQueue<int, TimeSpan>(Enumerable.Range(0, Labs).Select(lab => (lab, Sampling.LabTakes)));
        var lasts = new TimeSpan[Labs];
        foreach (var cell in cells)
        {
            free.TryDequeue(out var lab, out var at);
            lasts[lab] = at + Sampling.CostOf(cell);
            free.Enqueue(lab, lasts[lab]);
        }
        return lasts;
    }
}
