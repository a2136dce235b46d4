using Godwit.Faults;

namespace Godwit.Lab.Tests.Faults;

public sealed class JudgementTests
{
    private static readonly Settling.Result s_settled = new("resource-1", TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(9));

    [Theory]
    [InlineData("kill source engine", "stop", false, true, null)]
    [InlineData("kill source engine", "stop", false, false, "the guest did not start cold, though its memory was lost")]
    // Its last pages may have been over there already.
    [InlineData("kill source host", "hand-over", true, false, null)]
    [InlineData("kill destination host", "confirm", true, true, null)]
    [InlineData("kill destination host", "confirm", true, false, "the guest did not start cold, though its memory was lost")]
    [InlineData("kill source engine", "commit", true, false, null)]
    [InlineData("kill source engine", "commit", true, true, "the guest started cold, though its memory was not lost")]
    [InlineData("kill source engine", "commit", false, true, "the relocation did not go forward")]
    [InlineData("kill destination engine", "fence", true, false, "the domain is on the destination, which lost its copy")]
    public void A_cell_has_to_end_as_its_fault_demands(string fault, string step, bool arrived, bool cold, string? problem) =>
        Assert.Equal(problem, CellRun.Judge(SamplingTests.Find(fault, step), s_settled, arrived, cold));

    [Fact]
    public void A_cold_start_must_not_take_long() =>
        Assert.Equal("the cold start took 91 s", CellRun.Judge(
            SamplingTests.Find("kill source engine", "stop"), s_settled with { RunningAfter = TimeSpan.FromSeconds(91) }, arrived: false, cold: true));

    [Theory]
    [InlineData(2, null, 0)]
    [InlineData(2, "fell short", 1)]
    [InlineData(3, null, 2)]
    [InlineData(3, "fell short", 1)]
    public void A_run_that_was_interrupted_is_no_success(int asked, string? problem, int code)
    {
        var outcome = new CellOutcome(Cell.All[0], false, false, default, default, null);
        Assert.Equal(code, Report.ExitCode([outcome, outcome with { Problem = problem }], asked));
    }
}
