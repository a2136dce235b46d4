using System.Runtime.CompilerServices;
using Godwit.Relocation.Channel;
using Godwit.Relocation.Destination;
using Godwit.Relocation.Protocol;
using Godwit.Relocation.Source;
using Microsoft.Extensions.Logging.Abstractions;

namespace Godwit.Relocation.Tests.Protocol;

/// <summary>
/// Conversations that earlier versions had are kept in Transcripts/. Each side of today is put in the place of the one
/// that spoke then, and must come to the same end, saying nothing that the other side of then could not read.
/// <c>GODWIT_RECORD=1</c> writes down what today's two sides say, for the next version's tests.
/// </summary>
public class TranscriptTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task TwoSidesOfTodayUnderstandEachOther()
    {
        var transcript = new Transcript();
        var (near, far) = RecordedEnd.Pair(transcript);
        var registry = new ScriptedRegistry();
        var (source, destination) = (new ScriptedSource(registry), new ScriptedDestination(registry));
        var receiving = ReceiveAsync(destination, far);
        var result = await SendAsync(source, near);
        await receiving.WaitAsync(Limit);

        Assert.Equal(RelocationEnding.Completed, result.Ending);
        Assert.True(destination is { Arrived: true, Engine.Runs: true, Frame: [0xf0] });
        Assert.True(source.Engine is { IsDestroyed: true, Runs: false });
        if (Environment.GetEnvironmentVariable("GODWIT_RECORD") is not null)
            await File.WriteAllLinesAsync(Path.Combine(Folder(), $"version-{ProtocolVersion.Current}.txt"), transcript.Lines);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task TodaysDestinationTakesADomainFromASourceOfThen(int version)
    {
        var then = Transcript.Read($"version-{version}.txt");
        var now = new Transcript();
        var (line, replay) = Replay.Of(then, Side.Source, now);
        var destination = new ScriptedDestination(new ScriptedRegistry { Standing = Standing.Open });
        var receiving = ReceiveAsync(destination, line);
        await replay.RunAsync().WaitAsync(Limit);
        await receiving.WaitAsync(Limit);

        Assert.True(destination is { Arrived: true, Engine.Runs: true });
        AssertSaysNothingNew(then, now);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task TodaysSourceGivesADomainToADestinationOfThen(int version)
    {
        var then = Transcript.Read($"version-{version}.txt");
        var now = new Transcript();
        var (line, replay) = Replay.Of(then, Side.Destination, now);
        var registry = new ScriptedRegistry();
        var source = new ScriptedSource(registry);
        var sending = SendAsync(source, line);
        await replay.RunAsync(before: tag =>
        {
            if (tag == MessageTag.Running)
                registry.Standing = Standing.Arrived;
        }).WaitAsync(Limit);
        var result = await sending.WaitAsync(Limit);

        Assert.Equal(RelocationEnding.Completed, result.Ending);
        Assert.True(source.Engine.IsDestroyed);
        AssertSaysNothingNew(then, now);
    }

    public static TheoryData<int> Versions() => [.. Enumerable.Range(ProtocolVersion.Lowest, ProtocolVersion.Current - ProtocolVersion.Lowest + 1)];

    /// <summary>Each message has the members that its kind had then: a reader of then refuses others.</summary>
    private static void AssertSaysNothingNew(Transcript then, Transcript now)
    {
        var known = then.Lines.Select(Shape).ToHashSet();
        Assert.All(now.Lines, line => Assert.Contains(Shape(line), known));
    }

    // Side, tag, and the names of the members; the bytes of an engine may come in other pieces.
    private static string Shape(string line)
    {
        var parts = line.Split(' ', 3);
        var members = parts.Length == 3 && parts[2].StartsWith('{')
            ? string.Join(',', System.Text.Json.JsonDocument.Parse(parts[2]).RootElement.EnumerateObject().Select(p => p.Name))
            : "";
        return $"{parts[0]} {parts[1]} {members}";
    }

    private static Task<RelocationResult> SendAsync(ScriptedSource source, IRelocationChannel channel)
    {
        var offer = source.Offer;
        var run = new SourceRun(
            source, new OneLine(channel), new RelocationTicket(offer.RelocationId, offer.Spec.Name, offer.From, offer.To, Samples.Noon),
            new RelocationOptions(), TimeProvider.System, NullLogger.Instance);
        _ = Task.Run(async () =>
        {
            await foreach (var @event in source.Engine.Events.ReadAllAsync())
            {
                // As real ones do, it reaches its stop some time after the probes were asked.
                if (@event is Hypervisors.CopyEvent.SwitchoverReady)
                    await Task.Delay(50);
                run.Observe(@event);
            }
        });
        return run.RunAsync(CancellationToken.None);
    }

    private static async Task ReceiveAsync(ScriptedDestination destination, IRelocationChannel channel)
    {
        var hello = Assert.IsType<RelocationMessage.Hello>(await channel.ReceiveAsync(CancellationToken.None));
        await new DestinationRun(destination, channel, hello, TimeProvider.System, NullLogger.Instance).RunAsync(CancellationToken.None);
        await channel.DisposeAsync();
    }

    private static string Folder([CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, "Transcripts");
}
