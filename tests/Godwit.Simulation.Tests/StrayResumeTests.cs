using Godwit.Relocation;
using Godwit.Simulation.Histories;
using Godwit.Simulation.World;

namespace Godwit.Simulation.Tests;

/// <summary>
/// Somebody lets a held copy run: whoever wins the record has the domain, and it never runs twice. One that a user has paused is
/// paused again.
/// </summary>
public class StrayResumeTests
{
    [Theory]
    [InlineData("0:HandOver:StrayResume+0", RelocationEnding.SendFailed)]
    [InlineData("0:HandOver:StrayResume+0 0:HandOver:RegistryAwayFromDestination+0", RelocationEnding.SendFailed)]
    [InlineData("0:Commit:StrayResume+1", RelocationEnding.Completed)]
    [InlineData("0:Fence:StrayResume+0", RelocationEnding.Completed)]
    [InlineData("0:Fence:StrayResume+0 0:Fence:StorageAwayFromDestination+0", RelocationEnding.GivenBack)]
    [InlineData("0:Resume:StrayResume+0", RelocationEnding.Completed)]
    [InlineData("0:Confirm:StrayResume+0", RelocationEnding.Completed)]
    [InlineData("0:HandOver:StrayResume+3 0:HandOver:CrashSource+0", null)]
    [InlineData("0:Fence:StrayResume+1 0:Fence:CrashSource+0 0:Fence:StorageAwayFromDestination+0", null)]
    [InlineData("0:PreCopy:StrayResume+5", RelocationEnding.Completed)]
    [InlineData("0:PreCopy:StrayResume+5 0:PreCopy:Cancel+10", RelocationEnding.Cancelled)]
    [InlineData("0:Begin:CrashSource+0 0:Begin:StrayResume+1", null)]
    public void TheRecordDecidesAndOneCopyIsLeft(string faults, RelocationEnding? reached)
    {
        var endings = new HashSet<RelocationEnding>();
        for (var seed = 1; seed <= 100; seed++)
        {
            var plan = Plan.Parse($"{seed}/1 {faults}");
            var outcome = History.Run(plan, new SimOptions());
            Assert.True(outcome.Failure is null, $"{plan}: {outcome.Failure}");
            endings.UnionWith(outcome.Endings);
        }
        if (reached is { } ending)
            Assert.Contains(ending, endings);
    }
}
