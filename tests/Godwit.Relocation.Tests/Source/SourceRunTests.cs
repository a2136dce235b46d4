using Godwit.Domains;
using Godwit.Hypervisors;
using Godwit.Relocation.Channel;
using Godwit.Relocation.Protocol;
using Godwit.Relocation.Source;
using Godwit.Relocation.Tests.Protocol;
using Microsoft.Extensions.Logging.Abstractions;

namespace Godwit.Relocation.Tests.Source;

/// <summary>What the source makes of the events of its copy.</summary>
public class SourceRunTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    [Theory]
    [InlineData(LifecycleAction.Restart, RelocationEnding.Cancelled)]
    [InlineData(LifecycleAction.Destroy, RelocationEnding.GuestEnded)]
    [InlineData(LifecycleAction.Preserve, RelocationEnding.GuestEnded)]
    public async Task ARebootEndsTheMoveOfAGuestThatItEnds(LifecycleAction onReboot, RelocationEnding ending)
    {
        var offer = Samples.Offer with { Spec = Samples.Offer.Spec with { OnReboot = onReboot } };
        var (near, _) = RecordedEnd.Pair(new Transcript());
        var ticket = new RelocationTicket(offer.RelocationId, offer.Spec.Name, offer.From, offer.To, TimeProvider.System);
        var run = new SourceRun(
            new ScriptedSource(new ScriptedRegistry()) { Offer = offer }, new OneLine(near), ticket, new RelocationOptions(), TimeProvider.System,
            NullLogger.Instance);
        run.Observe(new CopyEvent.GuestRebooted(Samples.Noon));
        var moving = run.RunAsync(CancellationToken.None);
        ticket.Cancel();
        var result = await moving.WaitAsync(Limit);

        Assert.Equal(ending, result.Ending);
        Assert.Equal(ending == RelocationEnding.GuestEnded ? DomainFate.Ended : DomainFate.OnSource, result.Fate);
    }

    [Fact]
    public async Task WhatTheOtherEngineSaysFirstIsHeardWhenThisOneListens()
    {
        var (near, _) = RecordedEnd.Pair(new Transcript());
        var site = new ScriptedSource(new ScriptedRegistry());
        var engine = new SourceEngine(site, new RelocationOptions(), TimeProvider.System, NullLogger.Instance, _ => { });
        // The word at which this engine ends its stream.
        await engine.TakeAsync(new byte[] { 0xc0 }, CancellationToken.None);
        await engine.SendAsync(near, shorten: false, () => { }, CancellationToken.None).WaitAsync(Limit);

        var told = new List<CopyEvent>();
        while (site.Copy.Events.TryRead(out var @event))
            told.Add(@event);
        Assert.Contains(told, e => e is CopyEvent.Held);
    }

    [Fact]
    public async Task AnEngineThatSaysTooMuchFirstIsNotListenedTo()
    {
        var engine = new SourceEngine(
            new ScriptedSource(new ScriptedRegistry()), new RelocationOptions(), TimeProvider.System, NullLogger.Instance, _ => { });
        await engine.TakeAsync(new byte[64 << 10], CancellationToken.None);
        await Assert.ThrowsAsync<ChannelException>(() => engine.TakeAsync(new byte[1], CancellationToken.None));
    }

    [Fact]
    public async Task WhatIsPreparedForAMoveThatDoesNotComeIsGivenUpOnceItStands()
    {
        var preparation = new TaskCompletionSource();
        var copy = new ScriptedCopy { Preparation = preparation.Task };
        var engine = new SourceEngine(
            new ScriptedSource(new ScriptedRegistry()) { Engine = copy }, new RelocationOptions(), TimeProvider.System, NullLogger.Instance, _ => { });
        var (near, _) = RecordedEnd.Pair(new Transcript());
        var preparing = engine.PrepareAsync(CancellationToken.None);
        // The destination was quicker, and failed then.
        var sending = engine.SendAsync(near, shorten: false, () => { }, CancellationToken.None);
        var cancelling = engine.CancelAsync(CancellationToken.None);
        Assert.False(copy.SendCancelled);
        preparation.SetResult();
        await Task.WhenAll(preparing, sending, cancelling).WaitAsync(Limit);
        Assert.Equal((false, true), (copy.WasSent, copy.SendCancelled));
    }

    [Fact]
    public async Task AnEngineThatCannotPrepareSaysWhyAndDoesNotSend()
    {
        var told = new List<SourceEvent>();
        var copy = new ScriptedCopy { Preparation = Task.FromException(new GodwitException("engine-failed", "it does not begin")) };
        var engine = new SourceEngine(
            new ScriptedSource(new ScriptedRegistry()) { Engine = copy }, new RelocationOptions(), TimeProvider.System, NullLogger.Instance, told.Add);
        await engine.PrepareAsync(CancellationToken.None).WaitAsync(Limit);
        Assert.Equal([new SourceEvent.SendFailed("it does not begin")], told);
        var (near, _) = RecordedEnd.Pair(new Transcript());
        await engine.SendAsync(near, shorten: false, () => { }, CancellationToken.None).WaitAsync(Limit);
        Assert.False(copy.WasSent);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(ProtocolVersion.Current + 1)]
    public async Task AVersionThatWasNotOfferedIsRefused(int version)
    {
        var offer = Samples.Offer;
        var (near, far) = RecordedEnd.Pair(new Transcript());
        var ticket = new RelocationTicket(offer.RelocationId, offer.Spec.Name, offer.From, offer.To, TimeProvider.System);
        var run = new SourceRun(
            new ScriptedSource(new ScriptedRegistry()), new OneLine(near), ticket, new RelocationOptions(), TimeProvider.System, NullLogger.Instance);
        await far.SendAsync(new RelocationMessage.Welcome(version, []), CancellationToken.None);
        var result = await run.RunAsync(CancellationToken.None).WaitAsync(Limit);

        Assert.Equal(RelocationEnding.DestinationUnreachable, result.Ending);
        Assert.Contains($"version {version}", result.Message);
    }

    [Theory]
    [InlineData(61, "the clocks of resource-1 and resource-2 differ by 61 min: resource-2 is ahead of resource-1")]
    [InlineData(-61, "the clocks of resource-1 and resource-2 differ by 61 min: resource-1 is ahead of resource-2")]
    [InlineData(0.5, null)]
    public async Task ClocksThatDifferAreNotedOnceAndNothingIsDecidedByThem(double minutes, string? note)
    {
        var offer = Samples.Offer;
        var (near, far) = RecordedEnd.Pair(new Transcript());
        var ticket = new RelocationTicket(offer.RelocationId, offer.Spec.Name, offer.From, offer.To, TimeProvider.System);
        var run = new SourceRun(
            new ScriptedSource(new ScriptedRegistry()), new OneLine(near), ticket, new RelocationOptions(), TimeProvider.System, NullLogger.Instance);
        var moving = run.RunAsync(CancellationToken.None);
        await far.SendAsync(new RelocationMessage.Welcome(2, []), CancellationToken.None);
        for (var answered = 0; answered < 8;)
        {
            if (await far.ReceiveAsync(CancellationToken.None).AsTask().WaitAsync(Limit) is not RelocationMessage.ClockQuestion question)
                continue;
            await far.SendAsync(new RelocationMessage.ClockAnswer(question.Number, DateTimeOffset.UtcNow.AddMinutes(minutes)), CancellationToken.None);
            answered++;
        }
        await far.SendAsync(new RelocationMessage.Failed("enough", null), CancellationToken.None);
        var result = await moving.WaitAsync(Limit);

        Assert.Equal(RelocationEnding.PrepareFailed, result.Ending);
        Assert.InRange(result.Total, TimeSpan.Zero, Limit);
        if (note is null)
            Assert.Empty(ticket.Notes);
        else
            Assert.StartsWith(note, Assert.Single(ticket.Notes));
    }
}
