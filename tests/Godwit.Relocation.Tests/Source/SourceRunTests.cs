using Godwit.Domains;
using Godwit.Hypervisors;
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
        var ticket = new RelocationTicket(offer.RelocationId, offer.Spec.Name, offer.From, offer.To, Samples.Noon);
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

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public async Task AVersionThatWasNotOfferedIsRefused(int version)
    {
        var offer = Samples.Offer;
        var (near, far) = RecordedEnd.Pair(new Transcript());
        var ticket = new RelocationTicket(offer.RelocationId, offer.Spec.Name, offer.From, offer.To, Samples.Noon);
        var run = new SourceRun(
            new ScriptedSource(new ScriptedRegistry()), new OneLine(near), ticket, new RelocationOptions(), TimeProvider.System, NullLogger.Instance);
        await far.SendAsync(new RelocationMessage.Welcome(version, []), CancellationToken.None);
        var result = await run.RunAsync(CancellationToken.None).WaitAsync(Limit);

        Assert.Equal(RelocationEnding.DestinationUnreachable, result.Ending);
        Assert.Contains($"version {version}", result.Message);
    }
}
