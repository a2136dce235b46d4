using Godwit.Domains;
using Godwit.Relocation.Destination;
using Godwit.Relocation.Protocol;
using Godwit.Relocation.Source;
using Godwit.Relocation.Tests.Protocol;
using Microsoft.Extensions.Logging.Abstractions;

namespace Godwit.Relocation.Tests.Destination;

/// <summary>A destination that fails ends, and the source says why.</summary>
public class DestinationRunTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    public static TheoryData<Exception, string, string?> Failures => new()
    {
        {
            new IOException("No space left on device"),
            "resource-2 cannot store the kernel or ramdisk of vm1: No space left on device", "Make room on resource-2"
        },
        { new UnauthorizedAccessException("Access to the path is denied."), "resource-2 cannot store", "Make room on resource-2" },
        { new GodwitException("bad-boot-file", "it came with other bytes", "Migrate again."), "it came with other bytes", "Migrate again." },
        // Not foreseen by anybody.
        { new InvalidOperationException("a fault"), "a fault", null },
    };

    [Theory]
    [MemberData(nameof(Failures), DisableDiscoveryEnumeration = true)]
    public async Task ABootFileThatCannotBeStoredEndsTheMove(Exception failure, string reason, string? remedy)
    {
        var registry = new ScriptedRegistry();
        var destination = new ScriptedDestination(registry, Course.Moved) { FailsToStore = failure };
        var (source, result) = await MoveAsync(registry, destination);

        Assert.Equal((RelocationEnding.PrepareFailed, RelocationSide.Destination, DomainFate.OnSource), (result.Ending, result.FaultSide, result.Fate));
        Assert.Equal(RelocationStep.Prepare, result.FaultStep);
        Assert.Contains(reason, result.Message, StringComparison.Ordinal);
        if (remedy is null)
            Assert.Null(result.Remedy);
        else
            Assert.StartsWith(remedy, result.Remedy, StringComparison.Ordinal);
        Assert.Equal(Standing.Aborted, registry.Standing);
        Assert.False(source.Engine.WasSent);
    }

    [Fact]
    public async Task AReceiverThatEndsBeforeAllIsReadyGetsNoMemory()
    {
        var registry = new ScriptedRegistry();
        var destination = new ScriptedDestination(registry, Course.Moved) { Engine = new ScriptedCopy { EndsReceiving = true } };
        var (source, result) = await MoveAsync(registry, destination);

        Assert.Equal((RelocationEnding.PrepareFailed, RelocationStep.Prepare), (result.Ending, result.FaultStep));
        Assert.Contains("the engine of the destination ended: out of memory", result.Message, StringComparison.Ordinal);
        Assert.True(destination.Undone);
        Assert.False(source.Engine.WasSent);
    }

    private static async Task<(ScriptedSource Source, RelocationResult Result)> MoveAsync(ScriptedRegistry registry, ScriptedDestination destination)
    {
        var (near, far) = RecordedEnd.Pair(new Transcript());
        var source = new ScriptedSource(registry);
        var offer = source.Offer;
        var moving = new SourceRun(
            source, new OneLine(near), new RelocationTicket(offer.RelocationId, offer.Spec.Name, offer.From, offer.To, TimeProvider.System),
            new RelocationOptions(), TimeProvider.System, NullLogger.Instance).RunAsync(CancellationToken.None);
        var hello = Assert.IsType<RelocationMessage.Hello>(await far.ReceiveAsync(CancellationToken.None));
        await new DestinationRun(destination, far, hello, TimeProvider.System, NullLogger.Instance).RunAsync(CancellationToken.None).WaitAsync(Limit);
        await far.DisposeAsync();
        return (source, await moving.WaitAsync(Limit));
    }
}
