using CsCheck;
using Godwit.Relocation.Destination;

namespace Godwit.Relocation.Tests.Destination;

public class DestinationMachineTests
{
    private static readonly DestinationEvent[] Events =
    [
        new DestinationEvent.Offered(), new DestinationEvent.Accepted(), new DestinationEvent.Declined("d", null), new DestinationEvent.PrepareAsked(),
        new DestinationEvent.ReceiverReady(), new DestinationEvent.PrepareFailed("p", null), new DestinationEvent.SourceStopping(),
        new DestinationEvent.Loaded(), new DestinationEvent.ReceiveFailed("r"), new DestinationEvent.TakingFailed("t", null), new DestinationEvent.HandedOver(), new DestinationEvent.SourceFailed("s"),
        new DestinationEvent.ChannelLost("c"), new DestinationEvent.CommitWon(8), new DestinationEvent.CommitLost(), new DestinationEvent.Fenced(),
        new DestinationEvent.FenceFailed("f"), new DestinationEvent.GaveBack(), new DestinationEvent.Resumed(), new DestinationEvent.ResumeRefused("n"),
        new DestinationEvent.ResumeFailed("e"), new DestinationEvent.Undone(),
    ];

    private static readonly DestinationEvent[] ToReceiving =
        [new DestinationEvent.Offered(), new DestinationEvent.Accepted(), new DestinationEvent.PrepareAsked(), new DestinationEvent.ReceiverReady()];

    private static readonly DestinationEvent[] ToCommitting = [.. ToReceiving, new DestinationEvent.Loaded(), new DestinationEvent.HandedOver()];

    [Fact]
    public void AMoveGoesStepByStepToTheRunningDomain()
    {
        var (state, actions) = Feed([.. ToCommitting, new DestinationEvent.CommitWon(8), new DestinationEvent.Fenced(), new DestinationEvent.Resumed()]);

        Assert.Equal(
            [
                DestinationAction.Judge, DestinationAction.SendWelcome, DestinationAction.Prepare, DestinationAction.SendPrepared,
                DestinationAction.Commit, DestinationAction.Fence, DestinationAction.Resume, DestinationAction.Confirm, DestinationAction.Finish,
            ], actions);
        Assert.True(state.Arrived);
        Assert.Equal(8, state.Epoch);
    }

    [Fact]
    public void HandoverAndLoadedMayComeInEitherOrder()
    {
        var (state, _) = Feed([.. ToReceiving, new DestinationEvent.HandedOver(), new DestinationEvent.Loaded()]);
        Assert.Equal(DestinationPhase.Committing, state.Phase);
    }

    [Fact]
    public void AfterHandoverTheLineDoesNotMatter()
    {
        var (state, _) = Feed([.. ToReceiving, new DestinationEvent.HandedOver(), new DestinationEvent.ChannelLost("cut"), new DestinationEvent.Loaded()]);
        Assert.Equal(DestinationPhase.Committing, state.Phase);
    }

    [Fact]
    public void BeforeHandoverALostLineUndoes()
    {
        var (state, actions) = Feed([.. ToReceiving, new DestinationEvent.Loaded(), new DestinationEvent.ChannelLost("cut")]);
        Assert.Equal(DestinationPhase.Undoing, state.Phase);
        Assert.Equal(DestinationAction.Undo, actions[^1]);
    }

    [Fact]
    public void AFailureHeardWhilePreparingWaitsForItsEnd()
    {
        var (state, before) = Feed([.. ToReceiving[..3], new DestinationEvent.SourceFailed("cancelled")]);
        Assert.Equal(DestinationPhase.Preparing, state.Phase);
        Assert.DoesNotContain(DestinationAction.Undo, before);
        Assert.Equal([DestinationAction.Undo], DestinationMachine.Step(state, new DestinationEvent.ReceiverReady()).Actions);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void WhatFailsBeforeAnythingIsPreparedIsRefused(int events)
    {
        var (state, _) = Feed(ToReceiving[..events]);
        (state, var actions) = DestinationMachine.Step(state, new DestinationEvent.TakingFailed("no room", "make some"));
        Assert.Equal([DestinationAction.SendFailed, DestinationAction.Finish], actions);
        Assert.Equal((DestinationPhase.Ended, "no room", "make some"), (state.Phase, state.Reason, state.Remedy));
    }

    [Fact]
    public void AReceiverThatFailsWhileItIsPreparedIsToldAtOnceAndUndoneAtTheEnd()
    {
        var (state, _) = Feed(ToReceiving[..3]);
        (state, var told) = DestinationMachine.Step(state, new DestinationEvent.ReceiveFailed("it ended"));
        Assert.Equal([DestinationAction.SendFailed], told);
        Assert.Empty(DestinationMachine.Step(state, new DestinationEvent.ReceiveFailed("again")).Actions);
        (state, var undone) = DestinationMachine.Step(state, new DestinationEvent.ReceiverReady());
        Assert.Equal([DestinationAction.Undo], undone);
        Assert.Equal("it ended", state.Reason);
    }

    [Fact]
    public void WhatHasNoPlaceYetIsRefused()
    {
        var (ready, _) = Feed(ToReceiving[..2]);
        var (early, refused) = DestinationMachine.Step(ready, new DestinationEvent.HandedOver());
        Assert.Equal(DestinationPhase.Ended, early.Phase);
        Assert.Equal([DestinationAction.SendFailed, DestinationAction.Finish], refused);

        var (preparing, _) = Feed(ToReceiving[..3]);
        var (waiting, told) = DestinationMachine.Step(preparing, new DestinationEvent.SourceStopping());
        Assert.Equal([DestinationAction.SendFailed], told);
        Assert.Equal([DestinationAction.Undo], DestinationMachine.Step(waiting, new DestinationEvent.ReceiverReady()).Actions);

        var (receiving, _) = Feed(ToReceiving);
        var (undoing, actions) = DestinationMachine.Step(receiving, new DestinationEvent.PrepareAsked());
        Assert.Equal(DestinationPhase.Undoing, undoing.Phase);
        Assert.Equal([DestinationAction.SendFailed, DestinationAction.Undo], actions);
        Assert.Contains("asked to prepare", undoing.Reason);
    }

    [Fact]
    public void OnceHandedOverNothingThatIsSaidAgainUndoesIt()
    {
        var (handedOver, _) = Feed([.. ToReceiving, new DestinationEvent.HandedOver()]);
        Assert.Empty(DestinationMachine.Step(handedOver, new DestinationEvent.PrepareAsked()).Actions);
        var (committing, _) = Feed(ToCommitting);
        Assert.Empty(DestinationMachine.Step(committing, new DestinationEvent.HandedOver()).Actions);
        // Nor what of it is not taken: the guest is loaded, and is not to be given back for that.
        foreach (var state in (DestinationState[])[handedOver, committing])
        {
            var (after, actions) = DestinationMachine.Step(state, new DestinationEvent.TakingFailed("no such boot file", null));
            Assert.Equal(state, after);
            Assert.Empty(actions);
        }
    }

    /// <summary>The source still holds the memory: a receiver that dies before it ran costs nothing.</summary>
    [Theory]
    [InlineData("Committing")]
    [InlineData("Fencing")]
    [InlineData("Resuming")]
    public void AReceiverThatDiesBeforeItRanIsGivenBack(string phase)
    {
        var died = new DestinationEvent.ReceiveFailed("the engine ended");
        DestinationEvent[] events = phase switch
        {
            "Committing" => [died, new DestinationEvent.CommitWon(8)],
            "Fencing" => [new DestinationEvent.CommitWon(8), died, new DestinationEvent.Fenced()],
            _ => [new DestinationEvent.CommitWon(8), new DestinationEvent.Fenced(), new DestinationEvent.ResumeRefused("will not")],
        };
        var (state, actions) = Feed([.. ToCommitting, .. events, new DestinationEvent.GaveBack(), new DestinationEvent.Undone()]);

        Assert.Equal([DestinationAction.GiveBack, DestinationAction.SendGaveBack, DestinationAction.Undo, DestinationAction.Finish], actions[^4..]);
        Assert.DoesNotContain(DestinationAction.Confirm, actions);
        Assert.False(state.Arrived);
    }

    [Fact]
    public void WhateverIsHeardTheRulesOfTheCommitHold() => Gen.Int[0, Events.Length - 1].Select(i => Events[i]).Array[0, 40].Sample(events =>
    {
        var state = DestinationMachine.Initial;
        var (handedOver, loaded, won, fenced, resumed, undone) = (false, false, false, false, false, false);
        foreach (var @event in events)
        {
            var before = state;
            (state, var actions) = DestinationMachine.Step(state, @event);
            handedOver |= @event is DestinationEvent.HandedOver && before.Phase == DestinationPhase.Receiving;
            loaded |= @event is DestinationEvent.Loaded && before.Phase == DestinationPhase.Receiving;
            won |= @event is DestinationEvent.CommitWon && before.Phase == DestinationPhase.Committing;
            fenced |= @event is DestinationEvent.Fenced && before.Phase == DestinationPhase.Fencing;
            foreach (var action in actions)
            {
                switch (action)
                {
                    case DestinationAction.Commit:
                        Assert.True(handedOver && loaded, "commit without Handover or without the memory");
                        break;
                    case DestinationAction.Fence:
                        Assert.True(won, "fence without the commit");
                        break;
                    case DestinationAction.Resume:
                        Assert.True(fenced && !undone, "resumed without the fence, or after undoing");
                        resumed = true;
                        break;
                    case DestinationAction.GiveBack:
                        Assert.True(won && (!resumed || @event is DestinationEvent.ResumeRefused), "given back after it may have run");
                        break;
                    case DestinationAction.Undo:
                        Assert.True(!won || @event is DestinationEvent.GaveBack, "undone while the record names this host");
                        undone = true;
                        break;
                    case DestinationAction.Finish:
                        Assert.Equal(DestinationPhase.Ended, state.Phase);
                        break;
                    default:
                        break;
                }
            }
        }
    }, iter: 20_000);

    private static (DestinationState State, List<DestinationAction> Actions) Feed(IEnumerable<DestinationEvent> events)
    {
        var (state, all) = (DestinationMachine.Initial, new List<DestinationAction>());
        foreach (var @event in events)
        {
            (state, var actions) = DestinationMachine.Step(state, @event);
            all.AddRange(actions);
        }
        return (state, all);
    }
}
