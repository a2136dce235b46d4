using System.Diagnostics;
using System.Globalization;
using Godwit.Faults;

namespace Godwit.Lab.Tests.EndToEnd;

/// <summary>A random part of the table of steps and faults, which <c>bench/faults</c> runs whole.</summary>
[Collection("lab")]
public sealed class FaultTests
{
    private const int Labs = 4;

    /// <summary>So that all tests take a time that somebody waits for: with what the estimates are off by, under four minutes.</summary>
    private static readonly TimeSpan s_each = TimeSpan.FromSeconds(200);

    [Fact]
    public async Task Every_drawn_fault_settles_as_it_must()
    {
        Programs.Demand();
        // Another part each time: a failure names its cells, which `bench/faults --only` repeats.
        var seed = Random.Shared.Next(1, int.MaxValue);
        var cells = Sampling.Draw(seed, Labs, s_each);
        var output = TestContext.Current.TestOutputHelper;
        var began = Stopwatch.GetTimestamp();
        var outcomes = await new Matrix(Programs.Directory, Labs, line => output?.WriteLine(line))
            .RunAsync(cells, TestContext.Current.CancellationToken);
        output?.WriteLine(string.Create(CultureInfo.InvariantCulture, $"seed {seed}: {cells.Count} cells in {Stopwatch.GetElapsedTime(began).TotalSeconds:0} s"));
        Assert.Equal(cells.Count, outcomes.Count);
        Assert.True(
            outcomes.All(o => o.Problem is null),
            string.Join('\n', outcomes.Where(o => o.Problem is not null).Select(o => $"{o.Cell}: {o.Problem}")));
        Assert.All(Enumerable.Range(1, Labs), n => Assert.False(Directory.Exists(new LabPaths($"gwfaults{n}").Directory)));
    }

    [Theory]
    [InlineData("", 0, null)]
    [InlineData("1 0.5\n2 0.6\n", 2, null)]
    [InlineData("1 0.5\n2 0.6\n3 0.", 2, null)]
    [InlineData("1 0.5\n", 2, "the writer's log ends at 1, and the guest had said that 2 is durable")]
    [InlineData("1 0.5\n3 0.6\n", 3, "line 2 of the writer's log reads `3 0.6`")]
    [InlineData("1 0.5\n1 0.6\n", 1, "line 2 of the writer's log reads `1 0.6`")]
    [InlineData("1 0.5\n\0\0\n", 1, "line 2 of the writer's log reads `\0\0`")]
    public void A_log_shows_a_lost_or_doubled_line(string log, long acknowledged, string? fault) =>
        Assert.Equal(fault, DiskProof.FindGap(log, acknowledged));

    [Fact]
    public void The_table_has_every_step_and_every_fault_but_those_that_have_nothing_to_strike()
    {
        Assert.Equal(Enumerable.Range(1, 10), Step.All.Select(step => step.Number));
        Assert.Equal(43, Fault.All.Count);
        Assert.Equal(43 * 10 - 2 * 4, Cell.All.Count);
    }
}
