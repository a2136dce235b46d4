using Godwit.Domains;
using Godwit.Pool.Ownership;

namespace Godwit.Pool.Tests.Ownership;

public sealed class TransitionsTests
{
    private static readonly DomainRecord s_begun = Records.New() with { Intent = Records.Intent };
    private static readonly SavedMemory s_memory = new(Records.Relocation, [7], 4096, DateTimeOffset.UnixEpoch, Paused: false);
    private static readonly DomainRecord s_saved = Records.New() with { RunState = RunState.Saved, Saved = s_memory };
    private static readonly DomainRecord s_committed = Transitions.Commit(s_begun, Records.Relocation)!.Next with { Epoch = 8 };

    [Fact]
    public void OnlyTheOwnerBeginsAndANewIntentEndsAnOlderOne()
    {
        Assert.Equal(Records.Intent, Transitions.Begin(Records.New(), Records.Intent, 7)!.Next.Intent);
        Assert.Null(Transitions.Begin(Records.New() with { Owner = "c" }, Records.Intent, 7));
        Assert.Null(Transitions.Begin(Records.New(), Records.Intent, 6));
        Assert.Null(Transitions.Begin(Records.New() with { Arriving = true }, Records.Intent, 7));
        var later = Transitions.Begin(s_begun, Records.Intent with { Id = Guid.Empty }, 7)!.Next;
        Assert.Null(Transitions.Commit(later, Records.Relocation));
    }

    [Fact]
    public void OfCommitAndAbortTheSecondLoses()
    {
        Assert.Null(Transitions.Abort(s_committed, Records.Relocation, handedOver: true));
        var aborted = Transitions.Abort(s_begun, Records.Relocation, handedOver: false)!.Next;
        Assert.Null(Transitions.Commit(aborted, Records.Relocation));
        Assert.Equal(("a", 7L), (aborted.Owner, aborted.Epoch));
    }

    [Fact]
    public void AnAbortAfterHandoverDrawsAnEpochForTheDisks()
    {
        Assert.False(Transitions.Abort(s_begun, Records.Relocation, handedOver: false)!.DrawEpoch);
        var change = Transitions.Abort(s_begun, Records.Relocation, handedOver: true)!;
        Assert.True(change is { DrawEpoch: true, Next: { Owner: "a", Arriving: true, Intent: null } });
    }

    [Fact]
    public void ATakeOverNamesTheEpochOfTheSideThatIsGone()
    {
        var change = Transitions.TakeOver(s_committed, "a", Guid.Empty)!;
        Assert.True(change is { DrawEpoch: true, Next: { Owner: "a", Arriving: true, Intent: null } });
        Assert.Equal(new LastRelocation(Records.Relocation, "a", "b", RelocationOutcome.TakenOver, 8), change.Next.Last);
        // Before the commit the source is the side that is gone, whoever takes it.
        Assert.Equal(new LastRelocation(Records.Relocation, "a", "b", RelocationOutcome.TakenOver, 7), Transitions.TakeOver(s_begun, "c", Guid.Empty)!.Next.Last);
        Assert.Null(Transitions.Commit(Transitions.TakeOver(s_begun, "c", Guid.Empty)!.Next, Records.Relocation));
        Assert.Null(Transitions.TakeOver(s_begun, "a", Guid.Empty));
    }

    [Fact]
    public void AnEpochThatADiskRefusesIsDrawnAnewByTheOwnerAlone()
    {
        Assert.True(Transitions.Redraw(s_committed, "b", 8)!.DrawEpoch);
        Assert.Null(Transitions.Redraw(s_committed, "a", 8));
        Assert.Null(Transitions.Redraw(s_committed with { Arriving = false }, "b", 8));
    }

    [Fact]
    public void ACommitMakesTheDestinationTheOwnerUnderANewEpoch()
    {
        var change = Transitions.Commit(s_begun, Records.Relocation)!;
        Assert.True(change.DrawEpoch);
        Assert.Equal(("b", true), (change.Next.Owner, change.Next.Arriving));
        Assert.Null(change.Next.Intent);
        Assert.Equal(RelocationOutcome.Committed, change.Next.Last!.Outcome);
        Assert.Null(Transitions.Commit(s_begun, Guid.Empty));
    }

    [Fact]
    public void ADomainThatHasRunIsNotGivenBack()
    {
        var back = Transitions.GiveBack(s_committed, Records.Relocation)!;
        Assert.True(back.DrawEpoch, "disks that were fenced have seen the destination's epoch");
        Assert.Equal(("a", RelocationOutcome.GivenBack), (back.Next.Owner, back.Next.Last!.Outcome));
        var arrived = Transitions.Arrive(s_committed, "b", 8)!.Next;
        Assert.False(arrived.Arriving);
        Assert.Null(Transitions.GiveBack(arrived, Records.Relocation));
    }

    [Fact]
    public void OnlyTheOwnerUnderItsEpochChangesTheRunState()
    {
        Assert.Equal(RunState.Paused, Transitions.SetRunState(Records.New(), "a", 7, RunState.Paused)!.Next.RunState);
        Assert.Null(Transitions.SetRunState(Records.New(), "b", 7, RunState.Paused));
        Assert.Null(Transitions.SetRunState(Records.New(), "a", 6, RunState.Paused));
    }

    [Fact]
    public void OnlyTheOwnerUnderItsEpochChangesWhatTheGuestHas()
    {
        var record = Records.New() with { Spec = Records.New().Spec with { MemoryMiB = 256, MaxMemoryMiB = 0, VirtualCpus = 2, MaxVirtualCpus = 0 } };
        var next = Transitions.SetMemory(record, "a", 7, 128)!;
        Assert.Equal((false, 128, 256), (next.DrawEpoch, next.Next.Spec.MemoryMiB, next.Next.Spec.MaxMemoryMiB));
        Assert.Null(Transitions.SetMemory(record, "b", 7, 128));
        Assert.Null(Transitions.SetMemory(record, "a", 6, 128));
        Assert.Null(Transitions.SetMemory(record, "a", 7, 256));
        next = Transitions.SetVirtualCpus(record, "a", 7, 1)!;
        Assert.Equal((false, 1, 2), (next.DrawEpoch, next.Next.Spec.VirtualCpus, next.Next.Spec.MaxVirtualCpus));
        Assert.Null(Transitions.SetVirtualCpus(record, "b", 7, 1));
        Assert.Null(Transitions.SetVirtualCpus(record, "a", 6, 1));
        Assert.Null(Transitions.SetVirtualCpus(record, "a", 7, 2));
    }

    [Fact]
    public void WhatRunsOrIsPausedIsSavedUnderItsEpochAndNothingElse()
    {
        var saved = Transitions.Save(Records.New(), "a", 7, s_memory)!;
        Assert.True(saved is { DrawEpoch: false, Next: { RunState: RunState.Saved, Arriving: false } });
        Assert.Same(s_memory, saved.Next.Saved);
        Assert.NotNull(Transitions.Save(Records.New() with { RunState = RunState.Paused }, "a", 7, s_memory));
        Assert.Null(Transitions.Save(Records.New(), "b", 7, s_memory));
        Assert.Null(Transitions.Save(Records.New(), "a", 6, s_memory));
        Assert.Null(Transitions.Save(s_begun, "a", 7, s_memory));
        Assert.Null(Transitions.Save(s_committed, "b", 8, s_memory));
        foreach (var state in (RunState[])[RunState.ShutOff, RunState.Crashed, RunState.Saved])
            Assert.Null(Transitions.Save(Records.New() with { RunState = state }, "a", 7, s_memory));
    }

    [Fact]
    public void ASavedDomainIsNeitherMovedNorLetRunByWord()
    {
        Assert.Null(Transitions.Begin(s_saved, Records.Intent, 7));
        Assert.Null(Transitions.SetRunState(s_saved, "a", 7, RunState.Running));
    }

    [Fact]
    public void ARestoreIsANewStayThatIsSavedUntilItHasTheDisks()
    {
        var begun = Transitions.BeginRestore(s_saved with { Last = new(Guid.Empty, "b", "a", RelocationOutcome.Committed) }, "a", 7)!;
        Assert.True(begun is { DrawEpoch: true, Next: { RunState: RunState.Saved, Arriving: true, Last: null } });
        Assert.Null(Transitions.BeginRestore(begun.Next, "a", 7));
        Assert.Null(Transitions.BeginRestore(s_saved, "b", 7));
        Assert.Null(Transitions.BeginRestore(Records.New(), "a", 7));
        var restoring = begun.Next with { Epoch = 8 };
        var known = s_memory with { Epochs = [7, 8] };
        Assert.True(Transitions.EndRestore(restoring, "a", 8, known)!.Next is { RunState: RunState.Saved, Arriving: false, Saved.Epochs: [7, 8] });
        Assert.Null(Transitions.EndRestore(restoring, "a", 7, known));
        Assert.Null(Transitions.EndRestore(s_saved, "a", 7, known));
        Assert.True(Transitions.Wake(restoring, "a", 8, RunState.Paused)!.Next is { RunState: RunState.Paused, Arriving: false, Saved: null });
        Assert.Null(Transitions.Wake(restoring, "a", 7, RunState.Running));
        Assert.Null(Transitions.Wake(Records.New(), "a", 7, RunState.Running));
    }

    [Fact]
    public void WhoTakesASavedDomainOverHasItsDisksAlone()
    {
        foreach (var saved in (DomainRecord[])[s_saved, s_saved with { Arriving = true, Epoch = 8 }])
            Assert.True(Transitions.TakeOver(saved, "b", Guid.Empty)!.Next is { Owner: "b", RunState: RunState.Running, Saved: null, Arriving: true });
        Assert.Null(Transitions.Wake(Transitions.TakeOver(s_saved, "b", Guid.Empty)!.Next, "a", 7, RunState.Running));
    }

    [Theory]
    [InlineData(7, false)]
    [InlineData(9, false)]
    [InlineData(8, true)]
    [InlineData(10, true)]
    // A disk that was never written under the epoch of the save has nothing younger.
    [InlineData(5, false)]
    public void WhoHadADiskLastTellsWhetherTheMemoryIsOld(long before, bool older) =>
        Assert.Equal(older, (s_memory with { Epochs = [7, 9] }).IsOlderThan(before));
}
