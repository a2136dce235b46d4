using CsCheck;
using Godwit.Relocation.Source;

namespace Godwit.Relocation.Tests.Source;

public class SourceMachineTests
{
    private static readonly SourceEvent[] Events =
    [
        new SourceEvent.Welcomed(), new SourceEvent.Refused("r", null), new SourceEvent.IntentWon(), new SourceEvent.IntentLost(),
        new SourceEvent.DestinationPrepared(), new SourceEvent.DestinationFailed("d", null), new SourceEvent.ChannelLost("c"),
        new SourceEvent.SwitchoverReady(true), new SourceEvent.SwitchoverReady(false), new SourceEvent.Held(), new SourceEvent.SendFailed("s"),
        new SourceEvent.GuestEnded("g"), new SourceEvent.CancelAsked(), new SourceEvent.TimeLimitPassed(), new SourceEvent.AbortWon(),
        new SourceEvent.AbortLost(), new SourceEvent.DestinationRuns(), new SourceEvent.DestinationGaveBack("b"), new SourceEvent.StrayResume(),
        .. Enum.GetValues<HeldMemory>().Select(memory => new SourceEvent.Regained(memory)),
        .. Enum.GetValues<Standing>().Select(standing => new SourceEvent.RecordRead(standing)),
    ];

    private static readonly SourceEvent[] ToHeld =
    [
        new SourceEvent.Welcomed(), new SourceEvent.IntentWon(), new SourceEvent.DestinationPrepared(),
        new SourceEvent.SwitchoverReady(true), new SourceEvent.Held(),
    ];

    [Fact]
    public void AMoveGoesStepByStepToTheDestructionOfTheCopy()
    {
        var (state, actions) = Feed([.. ToHeld, new SourceEvent.DestinationRuns(), new SourceEvent.RecordRead(Standing.Arrived)]);

        Assert.Equal(
            [
                SourceAction.RecordIntent, SourceAction.SendPrepare, SourceAction.BeginSending, SourceAction.PermitSwitchover,
                SourceAction.HandOver, SourceAction.ReadRecord, SourceAction.DestroyCopy, SourceAction.Finish,
            ], actions);
        Assert.Equal(RelocationEnding.Completed, state.Ending);
    }

    [Fact]
    public void WhatTheDestinationCannotSayYetEndsItLikeALineThatBreaks()
    {
        var (early, _) = Feed([.. ToHeld[..3], new SourceEvent.DestinationRuns()]);
        Assert.Equal((SourcePhase.Aborting, RelocationEnding.ChannelLost), (early.Phase, early.Ending!.Value));
        Assert.Contains("the domain runs there", early.Reason);
        Assert.Equal(SourcePhase.Aborting, Feed([.. ToHeld[..3], new SourceEvent.DestinationPrepared()]).State.Phase);
        Assert.Equal(SourcePhase.Ended, Feed([new SourceEvent.DestinationPrepared()]).State.Phase);
        // Handed over, the record decides whatever is said.
        Assert.Equal([SourceAction.ReadRecord], SourceMachine.Step(Feed(ToHeld).State, new SourceEvent.DestinationPrepared()).Actions);
    }

    [Fact]
    public void NothingStopsWithoutAFreshProbe()
    {
        var (state, actions) = Feed([.. ToHeld[..3], new SourceEvent.SwitchoverReady(false)]);

        Assert.Equal(SourcePhase.Aborting, state.Phase);
        Assert.Equal(RelocationEnding.ProbeFailed, state.Ending);
        Assert.DoesNotContain(SourceAction.PermitSwitchover, actions);
        Assert.Contains(SourceAction.CancelSending, actions);
    }

    [Fact]
    public void AFailureWhileTheIntentIsWrittenWaitsForItsOutcome()
    {
        var (waiting, before) = Feed([new SourceEvent.Welcomed(), new SourceEvent.CancelAsked()]);
        Assert.Equal(SourcePhase.Beginning, waiting.Phase);
        Assert.Equal([SourceAction.RecordIntent], before);

        var (state, after) = SourceMachine.Step(waiting, new SourceEvent.IntentWon());
        Assert.Equal(SourcePhase.Aborting, state.Phase);
        Assert.Equal([SourceAction.SendFailed, SourceAction.RecordAbort], after);
    }

    [Fact]
    public void WhatWasPreparedIsGivenUpWhenTheDestinationCannotPrepare()
    {
        var (state, actions) = Feed([.. ToHeld[..2], new SourceEvent.DestinationFailed("no room", null)]);

        Assert.Equal((SourcePhase.Aborting, RelocationEnding.PrepareFailed), (state.Phase, state.Ending!.Value));
        Assert.Equal([SourceAction.CancelSending, SourceAction.RecordAbort], actions[^2..]);
    }

    [Fact]
    public void ALineThatBreaksAtTheStopResumesFirstAndAbortsAfter()
    {
        var (_, actions) = Feed([.. ToHeld[..4], new SourceEvent.ChannelLost("cut")]);

        Assert.True(actions.IndexOf(SourceAction.CancelSending) < actions.IndexOf(SourceAction.RecordAbort));
        Assert.Contains(SourceAction.AnnounceBack, actions);
    }

    [Fact]
    public void AGiveBackIsRegainedBeforeItRuns()
    {
        var (given, _) = Feed([.. ToHeld, new SourceEvent.RecordRead(Standing.GivenBack)]);
        Assert.Equal(SourcePhase.Regaining, given.Phase);

        var (state, actions) = SourceMachine.Step(given, new SourceEvent.Regained(HeldMemory.Current));
        Assert.Equal([SourceAction.ResumeHeld, SourceAction.AnnounceBack, SourceAction.Finish], actions);
        Assert.Equal((RelocationEnding.GivenBack, RelocationSide.Destination, RelocationStep.Fence, DomainFate.OnSource),
            (state.Ending!.Value, state.FaultSide!.Value, state.FaultStep!.Value, state.Fate));
    }

    [Fact]
    public void AfterATakeOverTheDisksSayWhetherTheMemoryMayGoOn()
    {
        var (taken, _) = Feed([.. ToHeld, new SourceEvent.RecordRead(Standing.TakenOver)]);

        Assert.Equal(
            [SourceAction.ResumeHeld, SourceAction.AnnounceBack, SourceAction.Finish],
            SourceMachine.Step(taken, new SourceEvent.Regained(HeldMemory.Current)).Actions);
        var (cold, actions) = SourceMachine.Step(taken, new SourceEvent.Regained(HeldMemory.Stale));
        Assert.Equal([SourceAction.DiscardMemory, SourceAction.Finish], actions);
        Assert.Equal((RelocationEnding.TakenOver, DomainFate.Cold), (cold.Ending!.Value, cold.Fate));
        Assert.Equal([SourceAction.ReadRecord], SourceMachine.Step(taken, new SourceEvent.Regained(HeldMemory.Superseded)).Actions);
    }

    [Fact]
    public void AnEndNamesTheSideAndTheStepAtFault()
    {
        var (failed, _) = Feed([.. ToHeld[..2], new SourceEvent.DestinationFailed("no memory", null)]);
        Assert.Equal((RelocationEnding.PrepareFailed, RelocationSide.Destination, RelocationStep.Prepare),
            (failed.Ending!.Value, failed.FaultSide!.Value, failed.FaultStep!.Value));
        var (told, _) = Feed([.. ToHeld[..3], new SourceEvent.DestinationFailed("no load", null, RelocationStep.Resume)]);
        Assert.Equal(RelocationStep.Resume, told.FaultStep);
        var (cut, _) = Feed([.. ToHeld[..4], new SourceEvent.ChannelLost("cut")]);
        Assert.Equal((RelocationSide.Line, RelocationStep.Stop), (cut.FaultSide!.Value, cut.FaultStep!.Value));
    }

    [Fact]
    public void AHeldCopyThatSomebodyLetsRunIsStoppedAgainAndKeptIfItIsNotTooLate()
    {
        var (held, _) = Feed(ToHeld);
        var (strayed, actions) = SourceMachine.Step(held, new SourceEvent.StrayResume());
        Assert.Equal([SourceAction.PauseStray, SourceAction.RecordAbort], actions);

        var (kept, regain) = SourceMachine.Step(strayed, new SourceEvent.AbortWon());
        Assert.Equal([SourceAction.RegainDisks], regain);
        Assert.Equal((RelocationEnding.SendFailed, RelocationSide.Source), (kept.Ending!.Value, kept.FaultSide!.Value));
        Assert.Equal([SourceAction.PauseStray], SourceMachine.Step(kept, new SourceEvent.StrayResume()).Actions);

        var (late, read) = SourceMachine.Step(strayed, new SourceEvent.AbortLost());
        Assert.Equal([SourceAction.ReadRecord], read);
        var (moved, destroy) = SourceMachine.Step(late, new SourceEvent.RecordRead(Standing.Arrived));
        Assert.Equal(SourceAction.DestroyCopy, destroy[0]);
        Assert.Equal((RelocationEnding.Completed, true), (moved.Ending!.Value, moved.Strayed));
        Assert.Empty(SourceMachine.Step(SourceMachine.Initial, new SourceEvent.StrayResume()).Actions);
    }

    [Fact]
    public void AnEngineThatCameToHoldWhileItWasToldToStopRunsAgain()
    {
        var (aborting, _) = Feed([.. ToHeld[..4], new SourceEvent.ChannelLost("cut"), new SourceEvent.Held()]);
        Assert.Equal([SourceAction.ResumeIfHeld, SourceAction.Finish], SourceMachine.Step(aborting, new SourceEvent.AbortWon()).Actions);
    }

    [Theory]
    [InlineData(Standing.Open, SourceAction.RecordAbort)]
    [InlineData(Standing.Committed, SourceAction.ReadRecord)]
    [InlineData(Standing.Arrived, SourceAction.DestroyCopy)]
    [InlineData(Standing.Aborted, SourceAction.RegainDisks)]
    [InlineData(Standing.GivenBack, SourceAction.RegainDisks)]
    [InlineData(Standing.TakenOver, SourceAction.RegainDisks)]
    [InlineData(Standing.Elsewhere, SourceAction.DestroyCopy)]
    public void OnceHandedOverOnlyTheRecordDecides(Standing standing, SourceAction first)
    {
        var (held, _) = Feed(ToHeld);
        Assert.Equal(first, SourceMachine.Step(held, new SourceEvent.RecordRead(standing)).Actions[0]);
    }

    [Fact]
    public void CancelledAfterHandoverIsTooLate()
    {
        var (held, _) = Feed(ToHeld);
        Assert.Empty(SourceMachine.Step(held, new SourceEvent.CancelAsked()).Actions);
        Assert.Empty(SourceMachine.Step(held, new SourceEvent.TimeLimitPassed()).Actions);
    }

    [Fact]
    public void WhateverIsHeardTheRulesOfTheHandOverHold() => Gen.Int[0, Events.Length - 1].Select(i => Events[i]).Array[0, 40].Sample(events =>
    {
        var state = SourceMachine.Initial;
        var (held, handedOver, aborting) = (false, false, false);
        foreach (var @event in events)
        {
            var before = state;
            (state, var actions) = SourceMachine.Step(state, @event);
            held |= @event is SourceEvent.Held && before.Phase == SourcePhase.Stopping;
            foreach (var action in actions)
            {
                switch (action)
                {
                    case SourceAction.HandOver:
                        Assert.True(held, "Handover before Hold");
                        Assert.False(aborting, "Handover after an abort was begun");
                        handedOver = true;
                        break;
                    case SourceAction.RecordAbort:
                        aborting = true;
                        break;
                    case SourceAction.PauseStray:
                        Assert.True(@event is SourceEvent.StrayResume, $"paused on {@event}");
                        break;
                    case SourceAction.ResumeHeld:
                        Assert.True(@event is SourceEvent.Regained { Memory: HeldMemory.Current }, $"resumed on {@event}");
                        break;
                    case SourceAction.ResumeIfHeld:
                        Assert.False(handedOver, "resumed after Handover without its disks");
                        break;
                    case SourceAction.CancelSending:
                        Assert.False(handedOver, "sending given up after Handover");
                        break;
                    case SourceAction.DestroyCopy:
                        Assert.True(@event is SourceEvent.RecordRead { Standing: Standing.Arrived or Standing.Elsewhere }, $"destroyed on {@event}");
                        break;
                    case SourceAction.Finish:
                        Assert.Equal(SourcePhase.Ended, state.Phase);
                        Assert.NotNull(state.Ending);
                        break;
                    default:
                        break;
                }
            }
            if (@event is SourceEvent.StrayResume && before.Phase is SourcePhase.HandedOver or SourcePhase.Regaining)
                Assert.Equal(SourceAction.PauseStray, actions[0]);
            if (before.Phase == SourcePhase.Ended)
            {
                Assert.Equal(before, state);
                Assert.Empty(actions);
            }
        }
    }, iter: 20_000);

    private static (SourceState State, List<SourceAction> Actions) Feed(IEnumerable<SourceEvent> events)
    {
        var (state, all) = (SourceMachine.Initial, new List<SourceAction>());
        foreach (var @event in events)
        {
            (state, var actions) = SourceMachine.Step(state, @event);
            all.AddRange(actions);
        }
        return (state, all);
    }
}
