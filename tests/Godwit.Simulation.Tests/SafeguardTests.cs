using Godwit.Hypervisors.Fake;
using Godwit.Simulation.Histories;
using Godwit.Simulation.World;

namespace Godwit.Simulation.Tests;

/// <summary>Each safeguard, switched off: an invariant breaks in a history that ends well with it.</summary>
public class SafeguardTests(ITestOutputHelper output)
{
    private const int Most = 400;

    [Fact]
    public void WithoutHoldAMemoryRunsTwice() => AssertNoticed(
        new SimOptions { Engine = new FakeEngineOptions { Holds = false } }, "0:HandOver:RegistryAwayFromDestination+0 0:HandOver:CrashSource+5");

    [Fact]
    public void WithoutTheCompareADomainHasTwoOwners() => AssertNoticed(
        new SimOptions { Compares = false }, "0:HandOver:RegistrySlow+0 0:Commit:CutLine+0");

    [Fact]
    public void WithoutTheReadBackALostReplyStrandsADomain() => AssertNoticed(
        new SimOptions { ReadsBack = false }, "0:Check:RegistryLossy+0");

    [Fact]
    public void WithoutTheFencesEpochALateCallTakesADiskAway() => AssertNoticed(
        new SimOptions { ChecksEpoch = false }, "0:Fence:StorageDeafToDestination+0 0:Fence:DestinationLosesPower+3");

    [Fact]
    public void WithoutDrainingAWriteComesAfterItsSuccessors() => AssertNoticed(
        new SimOptions { Drains = false }, "0:Confirm:TakeOverBySource+60");

    [Fact]
    public void WithoutTheJournalsSyncAPowerLossLosesADomain() => AssertNoticed(
        new SimOptions { JournalSyncs = false }, "0:Resume:DestinationLosesPower+20 0:Confirm:RegistryRestored+0", "0:HandOver:RegistryRestored+0 0:Check:SourceLosesPower+34 0:Resume:SourceLosesPower+24");

    [Fact]
    public void WithoutTheReplayAFlushLies() => AssertNoticed(new SimOptions { Replays = false }, "0:PreCopy:StorageLosesPower+0");

    // In a pool whose registry does not hear its hosts when it starts, which would find it out first.
    [Fact]
    public void WithoutTheGreaterEpochARegistryThatIsBehindDestroysADomain() => AssertNoticed(
        new SimOptions { DestroysOnGreaterEpochOnly = false, Listens = false }, new SimOptions { Listens = false },
        "1:Check:RegistryRestoredWithItsMark+0 1:Check:CrashSource+1");

    private void AssertNoticed(SimOptions options, params string[] faults) => AssertNoticed(options, new SimOptions(), faults);

    /// <summary>Looks among histories that differ in all but their faults.</summary>
    private void AssertNoticed(SimOptions options, SimOptions with, params string[] faults)
    {
        for (var seed = 1; seed <= Most; seed++)
        {
            var plan = Plan.Parse($"{seed}/2 {faults[seed % faults.Length]}");
            // With the safeguard the very same history ends well.
            if (History.Run(plan, options).Failure is not { } failure || History.Run(plan, with).Failure is not null)
                continue;
            output.WriteLine($"{failure}    {plan}");
            return;
        }
        Assert.Fail($"No history of {Most} shows that the safeguard is off.");
    }
}
