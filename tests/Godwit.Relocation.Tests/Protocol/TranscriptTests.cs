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

    [Theory]
    [MemberData(nameof(Courses))]
    public async Task TwoSidesOfTodayUnderstandEachOther(Course course)
    {
        var transcript = new Transcript();
        var (near, far) = RecordedEnd.Pair(transcript);
        var registry = new ScriptedRegistry();
        var (source, destination) = (new ScriptedSource(registry), new ScriptedDestination(registry, course) { AwaitsFrames = course == Course.Moved });
        var receiving = ReceiveAsync(destination, far);
        var result = await SendAsync(source, near);
        await receiving.WaitAsync(Limit);

        AssertEnded(course, source, result);
        AssertEnded(course, destination);
        if (course == Course.Moved)
            Assert.Equal([0xf0], destination.Frame!);
        if (Environment.GetEnvironmentVariable("GODWIT_RECORD") is not null)
            await File.WriteAllLinesAsync(Path.Combine(Folder(), NameOf(ProtocolVersion.Current, course)), transcript.Lines);
    }

    [Theory]
    [MemberData(nameof(Recorded))]
    public async Task TodaysDestinationDoesItsPartWithASourceOfThen(int version, Course course)
    {
        var then = Transcript.Read(NameOf(version, course));
        var now = new Transcript();
        var (line, replay) = Replay.Of(then, Side.Source, now);
        var destination = new ScriptedDestination(new ScriptedRegistry { Standing = Standing.Open }, course);
        var receiving = ReceiveAsync(destination, line);
        await replay.RunAsync().WaitAsync(Limit);
        await receiving.WaitAsync(Limit);

        AssertEnded(course, destination);
        AssertSaysNothingNew(then, now);
    }

    [Theory]
    [MemberData(nameof(Recorded))]
    public async Task TodaysSourceDoesItsPartWithADestinationOfThen(int version, Course course)
    {
        var then = Transcript.Read(NameOf(version, course));
        var now = new Transcript();
        var (line, replay) = Replay.Of(then, Side.Destination, now);
        var registry = new ScriptedRegistry();
        var source = new ScriptedSource(registry);
        var sending = SendAsync(source, line);
        await replay.RunAsync(before: tag => registry.Standing = tag switch
        {
            MessageTag.Running => Standing.Arrived,
            MessageTag.GaveBack => Standing.GivenBack,
            _ => registry.Standing,
        }).WaitAsync(Limit);
        var result = await sending.WaitAsync(Limit);

        AssertEnded(course, source, result);
        AssertSaysNothingNew(then, now);
    }

    [Theory]
    [InlineData("""source 16 {"reason":"a","step":{"name":"b"}}""", "source 16 {reason,step:{name}}")]
    [InlineData("""source 17 {"ports":[["8A=="],[]]}""", "source 17 {ports:[[]]}")]
    [InlineData("""source 1 {"disks":[{"target":"a"},{"target":"b"}]}""", "source 1 {disks:[{target}]}")]
    [InlineData("source 10 hex:a0", "source 10")]
    [InlineData("source 8", "source 8")]
    public void TheShapeOfAMessageHasTheMembersAtEveryDepth(string line, string shape) => Assert.Equal(shape, Transcript.Shape(line));

    public static TheoryData<Course> Courses() => [.. Enum.GetValues<Course>()];

    public static TheoryData<int, Course> Recorded()
    {
        var recorded = new TheoryData<int, Course>();
        for (var version = ProtocolVersion.Lowest; version <= ProtocolVersion.Current; version++)
        {
            foreach (var course in Enum.GetValues<Course>())
                recorded.Add(version, course);
        }
        return recorded;
    }

    private static void AssertEnded(Course course, ScriptedDestination destination)
    {
        Assert.Equal(course == Course.Moved, destination.Arrived);
        Assert.Equal(course == Course.Moved, destination.Engine.Runs);
        Assert.Equal(course is Course.Failed or Course.GivenBack, destination.Undone);
    }

    private static void AssertEnded(Course course, ScriptedSource source, RelocationResult result)
    {
        Assert.Equal(course switch
        {
            Course.Moved => RelocationEnding.Completed,
            Course.Refused => RelocationEnding.Refused,
            Course.Failed => RelocationEnding.PrepareFailed,
            _ => RelocationEnding.GivenBack,
        }, result.Ending);
        Assert.Equal(course == Course.Moved, source.Engine.IsDestroyed);
        // The guest of the script never stops on its source, but for the hand-over.
        Assert.Equal(course == Course.GivenBack, source.Engine.Runs);
        if (course == Course.Refused)
            Assert.Equal(("make room", "vm1 stays on resource-1: too little memory"), (result.Remedy, result.Message));
        // From a destination that does not say where it failed, the source names the step that it was in itself.
        if (course == Course.Failed)
            Assert.Equal((RelocationStep.Prepare, "see the storage host"), (result.FaultStep, result.Remedy));
    }

    /// <summary>Each message has the members that its kind had then: a reader of then refuses others.</summary>
    private static void AssertSaysNothingNew(Transcript then, Transcript now)
    {
        var known = then.Lines.Select(Transcript.Shape).ToHashSet();
        Assert.All(now.Lines, line => Assert.Contains(Transcript.Shape(line), known));
    }

    private static string NameOf(int version, Course course) => course switch
    {
        Course.Moved => $"version-{version}.txt",
        Course.GivenBack => $"version-{version}-given-back.txt",
        _ => $"version-{version}-{course.ToString().ToLowerInvariant()}.txt",
    };

    private static Task<RelocationResult> SendAsync(ScriptedSource source, IRelocationChannel channel)
    {
        var offer = source.Offer;
        var run = new SourceRun(
            source, new OneLine(channel), new RelocationTicket(offer.RelocationId, offer.Spec.Name, offer.From, offer.To, TimeProvider.System),
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
