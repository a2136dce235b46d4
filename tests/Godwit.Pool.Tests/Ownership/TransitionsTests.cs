using Godwit.Domains;
using Godwit.Pool.Ownership;

namespace Godwit.Pool.Tests.Ownership;

public sealed class TransitionsTests
{
    private static readonly DomainRecord s_begun = Records.New() with { Intent = Records.Intent };
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
}
