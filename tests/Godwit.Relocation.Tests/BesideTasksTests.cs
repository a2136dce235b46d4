using Godwit.Relocation.Channel;
using Godwit.Relocation.Source;
using Godwit.Relocation.Tests.Protocol;
using Microsoft.Extensions.Logging.Abstractions;

namespace Godwit.Relocation.Tests;

/// <summary>A limit that passed beside a run is not the run's end.</summary>
public class BesideTasksTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task OnlyTheEndOfTheRunIsNoFailure(bool ended)
    {
        using var stop = new CancellationTokenSource();
        var failures = new List<Exception>();
        var beside = new BesideTasks("vm1", NullLogger.Instance, failures.Add) { Ends = stop.Token };
        if (ended)
            await stop.CancelAsync();
        beside.Add(Task.FromException(new OperationCanceledException("a limit")));
        await beside.EndAsync();
        Assert.Equal(ended ? [] : ["a limit"], failures.Select(e => e.Message));
    }

    [Fact]
    public async Task AMoveWhoseLineIsNotOpenedInTimeEnds()
    {
        var offer = Samples.Offer;
        var result = await new SourceRun(
            new ScriptedSource(new ScriptedRegistry()), new SilentLine(),
            new RelocationTicket(offer.RelocationId, offer.Spec.Name, offer.From, offer.To, TimeProvider.System),
            new RelocationOptions(), TimeProvider.System, NullLogger.Instance)
            .RunAsync(CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        Assert.Equal((RelocationEnding.SendFailed, DomainFate.OnSource), (result.Ending, result.Fate));
    }

    private sealed class SilentLine : IRelocationDialer
    {
        public Task<IRelocationChannel> DialAsync(string host, CancellationToken cancellationToken) =>
            Task.FromException<IRelocationChannel>(new OperationCanceledException("a limit"));
    }
}
