using Godwit.Domains;
using Godwit.Host.Create;
using Godwit.Host.Recover;
using Godwit.Host.Relocate;
using Godwit.Hypervisors;
using Godwit.Pool;
using Godwit.Pool.Journal;

namespace Godwit.Host.Tests.Recover;

/// <summary>
/// What host <c>b</c> does with a copy that it finds. The record is told by a word: who owns it and where it stands.
/// </summary>
public class RecoveryTests
{
    private static readonly Guid Id = new("6f0d1f0e-4a3a-4c43-9d8e-000000000004");
    private static readonly JournalEntry s_entry = new("vm1", JournalSide.Source, Id, "b", "a", "begin", Guid.Empty);

    [Theory]
    // This host owns it and all is settled.
    [InlineData("mine", CopyPhase.Running, RecoveryVerdict.Keep)]
    [InlineData("mine", CopyPhase.Paused, RecoveryVerdict.Keep)]
    [InlineData("mine", CopyPhase.Loaded, RecoveryVerdict.Keep)]
    [InlineData("mine", CopyPhase.IoError, RecoveryVerdict.Keep)]
    [InlineData("mine", CopyPhase.ShutOff, RecoveryVerdict.Keep)]
    // An abort that was won and not yet acted upon.
    [InlineData("mine", CopyPhase.Held, RecoveryVerdict.AbortAndKeep)]
    [InlineData("mine", CopyPhase.SwitchingOver, RecoveryVerdict.AbortAndKeep)]
    // It was moving it away when the daemon died.
    [InlineData("leaving", CopyPhase.Running, RecoveryVerdict.AbortAndKeep)]
    [InlineData("leaving", CopyPhase.Held, RecoveryVerdict.AbortAndKeep)]
    [InlineData("leaving", CopyPhase.SwitchingOver, RecoveryVerdict.AbortAndKeep)]
    // It has committed.
    [InlineData("committed", CopyPhase.Loaded, RecoveryVerdict.Complete)]
    [InlineData("committed", CopyPhase.Running, RecoveryVerdict.Complete)]
    [InlineData("committed", CopyPhase.Receiving, RecoveryVerdict.Destroy)]
    // Held since an earlier stay, while the record speaks of a younger memory.
    [InlineData("committed", CopyPhase.Held, RecoveryVerdict.Destroy)]
    // The record is this host's again, which holds the memory: the disks say whether it may go on.
    [InlineData("given-back", CopyPhase.Held, RecoveryVerdict.Reclaim)]
    [InlineData("aborted", CopyPhase.Held, RecoveryVerdict.Reclaim)]
    [InlineData("taken-over", CopyPhase.Held, RecoveryVerdict.Reclaim)]
    // Held for another relocation than the one that the record speaks of.
    [InlineData("taken-over-later", CopyPhase.Held, RecoveryVerdict.Destroy)]
    // Another host owns it.
    [InlineData("theirs", CopyPhase.Held, RecoveryVerdict.Destroy)]
    [InlineData("theirs", CopyPhase.Running, RecoveryVerdict.Destroy)]
    [InlineData("theirs", CopyPhase.Loaded, RecoveryVerdict.Destroy)]
    [InlineData("theirs", CopyPhase.Receiving, RecoveryVerdict.Destroy)]
    // Another host has committed and not resumed: it may yet give it back.
    [InlineData("theirs-arriving", CopyPhase.Held, RecoveryVerdict.AwaitOther)]
    [InlineData("theirs-arriving", CopyPhase.Loaded, RecoveryVerdict.Destroy)]
    // Its memory lies in a file: what was held for it, or was being made of it, is old; what has run is younger.
    [InlineData("saved", CopyPhase.Held, RecoveryVerdict.Destroy)]
    [InlineData("saved", CopyPhase.SwitchingOver, RecoveryVerdict.Destroy)]
    [InlineData("saved", CopyPhase.Running, RecoveryVerdict.Complete)]
    [InlineData("saved", CopyPhase.Paused, RecoveryVerdict.Complete)]
    [InlineData("restoring", CopyPhase.Prepared, RecoveryVerdict.Destroy)]
    [InlineData("restoring", CopyPhase.Receiving, RecoveryVerdict.Destroy)]
    [InlineData("restoring", CopyPhase.Loaded, RecoveryVerdict.Destroy)]
    [InlineData("restoring", CopyPhase.Held, RecoveryVerdict.Destroy)]
    [InlineData("restoring", CopyPhase.Running, RecoveryVerdict.Complete)]
    [InlineData("restoring", CopyPhase.IoError, RecoveryVerdict.Complete)]
    // Nobody knows it.
    [InlineData("none", CopyPhase.Running, RecoveryVerdict.LeaveAlone)]
    [InlineData("none", CopyPhase.Paused, RecoveryVerdict.LeaveAlone)]
    [InlineData("none", CopyPhase.Prepared, RecoveryVerdict.Destroy)]
    [InlineData("none", CopyPhase.Receiving, RecoveryVerdict.Destroy)]
    public void ACopyIsJudgedByRecordAndPhase(string standing, CopyPhase phase, RecoveryVerdict verdict) =>
        Assert.Equal(verdict, Recovery.JudgeCopy("b", phase, Record(standing), Entry(standing), ownEpoch: 6));

    [Fact]
    public void ACreationThatWasCutShortIsCleared() =>
        Assert.Equal(RecoveryVerdict.Destroy, Recovery.JudgeCopy(
            "b", CopyPhase.Running, null, s_entry with { Side = JournalSide.Start, Step = DomainStarter.FirstStart }, ownEpoch: 0));

    [Theory]
    [InlineData(JournalSide.Source, "begin")]
    [InlineData(JournalSide.Destination, DestinationSite.LetRun)]
    [InlineData(JournalSide.Start, DomainStarter.LaterStart)]
    public void ACopyThatMayHaveRunIsNotDestroyedForWantOfARecord(JournalSide side, string step) =>
        Assert.Equal(RecoveryVerdict.LeaveAlone, Recovery.JudgeCopy("b", CopyPhase.Running, null, s_entry with { Side = side, Step = step }, ownEpoch: 6));

    [Theory]
    [InlineData(CopyPhase.Running)]
    [InlineData(CopyPhase.Held)]
    [InlineData(CopyPhase.IoError)]
    public void NothingIsDestroyedOnAnEpochThatIsNotGreater(CopyPhase phase) =>
        Assert.Equal(RecoveryVerdict.AwaitRegistry, Recovery.JudgeCopy("b", phase, Record("theirs"), s_entry, ownEpoch: 7));

    [Theory]
    [InlineData(RunState.Running, RecoveryVerdict.Restart)]
    [InlineData(RunState.Paused, RecoveryVerdict.Restart)]
    [InlineData(RunState.ShutOff, RecoveryVerdict.Keep)]
    [InlineData(RunState.Crashed, RecoveryVerdict.Keep)]
    [InlineData(RunState.Saved, RecoveryVerdict.Keep)]
    public void ARecordWithoutACopyIsJudgedByItsRunState(RunState state, RecoveryVerdict verdict) =>
        Assert.Equal(verdict, Recovery.JudgeMissing(Record("mine")! with { RunState = state }));

    [Fact]
    public void AReceiverLoadedForAnotherRelocationIsDestroyedWhoeverOwnsTheDomain()
    {
        var other = s_entry with { Side = JournalSide.Destination, Relocation = Guid.Empty };
        foreach (var standing in (string[])["committed", "taken-over"])
            Assert.Equal(RecoveryVerdict.Destroy, Recovery.JudgeCopy("b", CopyPhase.Loaded, Record(standing), other, ownEpoch: 6));
    }

    private static JournalEntry? Entry(string standing) => standing switch
    {
        "none" => null,
        "committed" => s_entry with { Side = JournalSide.Destination },
        _ => s_entry,
    };

    private static DomainRecord? Record(string standing)
    {
        var settled = new DomainRecord
        {
            Spec = new DomainSpec { Name = "vm1", MemoryMiB = 64 },
            Pin = new HardwarePin("fake", "none", "fake-1.0", "fake-cpu"),
            Owner = standing.StartsWith("theirs", StringComparison.Ordinal) ? "a" : "b",
            Epoch = 7,
            RunState = RunState.Running,
        };
        return standing switch
        {
            "none" => null,
            "mine" or "theirs" => settled,
            "saved" => settled with { RunState = RunState.Saved },
            "restoring" => settled with { RunState = RunState.Saved, Arriving = true },
            "leaving" => settled with { Intent = new RelocationIntent(Id, "b", "a") },
            "committed" => settled with { Arriving = true, Last = new LastRelocation(Id, "a", "b", RelocationOutcome.Committed) },
            "theirs-arriving" => settled with { Arriving = true, Last = new LastRelocation(Id, "b", "a", RelocationOutcome.Committed) },
            "given-back" => settled with { Arriving = true, Last = new LastRelocation(Id, "b", "a", RelocationOutcome.GivenBack) },
            "aborted" => settled with { Arriving = true, Last = new LastRelocation(Id, "b", "a", RelocationOutcome.Aborted) },
            "taken-over" => settled with { Arriving = true, Last = new LastRelocation(Id, "b", "a", RelocationOutcome.TakenOver, 6) },
            "taken-over-later" => settled with { Arriving = true, Last = new LastRelocation(Guid.Empty, "b", "a", RelocationOutcome.TakenOver, 6) },
            _ => throw new ArgumentOutOfRangeException(nameof(standing), standing, null),
        };
    }
}
