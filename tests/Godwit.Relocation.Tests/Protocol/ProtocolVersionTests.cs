using Godwit.Relocation.Destination;
using Godwit.Relocation.Protocol;
using Microsoft.Extensions.Logging.Abstractions;

namespace Godwit.Relocation.Tests.Protocol;

public class ProtocolVersionTests
{
    private const int Below = ProtocolVersion.Lowest - 1;
    private const int Above = ProtocolVersion.Current + 1;

    [Theory]
    [InlineData(ProtocolVersion.Lowest, ProtocolVersion.Current, ProtocolVersion.Current)]
    [InlineData(ProtocolVersion.Current, Above + 1, ProtocolVersion.Current)]
    [InlineData(Below, ProtocolVersion.Lowest, ProtocolVersion.Lowest)]
    [InlineData(Above, Above + 1, null)]
    [InlineData(Below - 1, Below, null)]
    public void TheHighestThatBothKnowIsUsed(int lowest, int highest, int? version) =>
        Assert.Equal(version, ProtocolVersion.Choose(lowest, highest));

    [Theory]
    [InlineData(Above, Above + 1)]
    [InlineData(Below - 1, Below)]
    public async Task ASourceWhoseVersionsDoNotMeetOursIsRefusedBeforeAnythingIsJudged(int lowest, int highest)
    {
        var transcript = new Transcript();
        var (near, far) = RecordedEnd.Pair(transcript);
        var destination = new ScriptedDestination(new ScriptedRegistry(), Course.Moved);
        var hello = new RelocationMessage.Hello(lowest, highest, Samples.Offer);
        await new DestinationRun(destination, far, hello, TimeProvider.System, NullLogger.Instance).RunAsync(CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(20));

        var refused = Assert.IsType<RelocationMessage.Refused>(await near.ReceiveAsync(CancellationToken.None));
        Assert.Contains($"resource-1 speaks versions {lowest} to {highest}", refused.Reason);
        Assert.Contains($"this host {ProtocolVersion.Lowest} to {ProtocolVersion.Current}", refused.Reason);
        Assert.Equal("bring godwitd to the same version on both hosts", refused.Remedy);
        Assert.Single(transcript.Lines);
        Assert.False(destination.Judged);
    }
}
