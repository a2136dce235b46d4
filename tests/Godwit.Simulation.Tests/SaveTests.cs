using Godwit.Simulation.Histories;
using Godwit.Simulation.World;

namespace Godwit.Simulation.Tests;

/// <summary>A user saves the domain and restores it while things fail: old memory is never put over newer disks, and none is given up for nothing.</summary>
public class SaveTests
{
    [Theory]
    [InlineData("0:Check:Save+0")]
    [InlineData("0:Confirm:Save+50 1:Begin:Save+0")]
    [InlineData("0:Confirm:Save+20 0:Confirm:CrashDestination+150")]
    [InlineData("0:Confirm:Save+20 0:Confirm:CrashDestination+400")]
    [InlineData("0:Confirm:Save+20 0:Confirm:DestinationLosesPower+300")]
    [InlineData("0:Confirm:Save+20 0:Confirm:RegistryAway+100")]
    [InlineData("0:Confirm:Save+20 0:Confirm:RegistryLossy+0")]
    [InlineData("0:Confirm:Save+20 0:Confirm:RegistryDeafToDestination+200")]
    [InlineData("0:Confirm:Save+20 0:Confirm:StorageAway+300")]
    [InlineData("0:Confirm:Save+20 0:Confirm:StorageLosesPower+300")]
    [InlineData("0:Confirm:Save+20 0:Confirm:KillDestinationEngine+150")]
    [InlineData("0:Confirm:Save+20 0:Confirm:EngineFails+0")]
    [InlineData("0:Confirm:Save+20 0:Confirm:DestinationJournalFull+100")]
    [InlineData("0:Confirm:Save+20 0:Confirm:TakeOverBySource+250")]
    [InlineData("0:Confirm:Save+20 0:Confirm:RegistryAway+100 0:Confirm:TakeOverBySource+250")]
    [InlineData("0:Confirm:Save+20 0:Confirm:RegistryRestored+300")]
    [InlineData("0:Confirm:Save+20 0:Confirm:RegistryRestored+900")]
    [InlineData("0:Confirm:Save+20 0:Confirm:RegistryRestoredWithoutMark+900")]
    [InlineData("0:Confirm:Save+20 0:Confirm:RegistryRestoredWithItsMark+900")]
    [InlineData("0:Confirm:Save+20 0:Confirm:TakeOverBySource+250 0:Confirm:RegistryRestored+900")]
    [InlineData("0:Confirm:Save+20 0:Confirm:TakeOverBySource+250 0:Confirm:RegistryRestoredWithoutMark+900")]
    [InlineData("0:Confirm:Save+20 0:Confirm:CrashDestination+200 0:Confirm:TakeOverBySource+250 0:Confirm:RegistryRestoredWithItsMark+900")]
    [InlineData("0:Confirm:Save+20 0:Confirm:MoveAgain+100 0:Confirm:Pause+200")]
    public void TheGuestGoesOnWhereItWas(string faults)
    {
        var saved = 0;
        for (var seed = 1; seed <= 100; seed++)
        {
            var plan = Plan.Parse($"{seed}/2 {faults}");
            var outcome = History.Run(plan, new SimOptions { Traces = true });
            Assert.True(outcome.Failure is null, $"{plan}: {outcome.Failure}");
            if (outcome.Trace.Any(line => line.Contains(" Saved ", StringComparison.Ordinal)))
                saved++;
        }
        Assert.True(saved > 0, "none was saved");
    }

    [Fact]
    public void ItHasBeenSavedAndRestored()
    {
        var shown = 0;
        for (var seed = 1; seed <= 20; seed++)
        {
            var outcome = History.Run(Plan.Parse($"{seed}/1 0:Confirm:Save+100"), new SimOptions { Traces = true });
            Assert.True(outcome.Failure is null, outcome.Failure);
            if (outcome.Trace.Any(line => line.Contains("has been restored", StringComparison.Ordinal)))
                shown++;
        }
        Assert.True(shown > 10, $"only {shown} were");
    }
}
