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
        new SimOptions { Drains = false }, "0:Check:TakeOverByDestination+0");

    [Fact]
    public void WithoutTheJournalsSyncAPowerLossLosesADomain() => AssertNoticed(
        new SimOptions { JournalSyncs = false }, "0:Resume:DestinationLosesPower+20 0:Confirm:RegistryRestored+0", "0:HandOver:RegistryRestored+0 0:Check:SourceLosesPower+34 0:Resume:SourceLosesPower+24");

    [Fact]
    public void WithoutTheReplayAFlushLies() => AssertNoticed(new SimOptions { Replays = false }, "0:PreCopy:StorageLosesPower+0");

    /// <summary>
    /// With it such a domain at least runs on and waits for somebody to mend the registry, which here has lost the guard
    /// that would have caught up.
    /// </summary>
    [Fact]
    public void WithoutTheGreaterEpochARegistryThatIsBehindDestroysADomain() => AssertNoticed(
        new SimOptions { DestroysOnGreaterEpochOnly = false, Guarded = false },
        failure => failure.Contains("there are 0 copies", StringComparison.Ordinal) || failure.Contains("lost", StringComparison.Ordinal) || failure.Contains("write 1 of", StringComparison.Ordinal),
        "1:Check:RegistryRestored+0 1:Check:CrashSource+1");

    private void AssertNoticed(SimOptions options, params string[] faults) => AssertNoticed(options, _ => true, faults);

    /// <summary>Looks among histories that differ in all but their faults.</summary>
    private void AssertNoticed(SimOptions options, Func<string, bool> isHarm, params string[] faults)
    {
        var others = new HashSet<string>();
        for (var seed = 1; seed <= Most; seed++)
        {
            var plan = Plan.Parse($"{seed}/2 {faults[seed % faults.Length]}");
            if (History.Run(plan, options).Failure is not { } failure)
                continue;
            others.Add(failure);
            // With the safeguard the very same history does no harm.
            if (!isHarm(failure) || (History.Run(plan, new SimOptions { Guarded = options.Guarded }).Failure is { } other && isHarm(other)))
                continue;
            output.WriteLine($"{failure}    {plan}");
            return;
        }
        Assert.Fail($"No history of {Most} shows that the safeguard is off; seen were: {string.Join("; ", others)}");
    }
}
