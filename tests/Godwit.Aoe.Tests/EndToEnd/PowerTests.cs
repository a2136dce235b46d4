using Godwit.Aoe.Guests.Power;
using Godwit.Aoe.Tests.Kernel;

namespace Godwit.Aoe.Tests.EndToEnd;

/// <summary>The short form of <c>bench/aoe-power</c>: one cut of each kind.</summary>
public sealed class PowerTests
{
    [Fact]
    public async Task All_that_was_promised_is_there_when_the_storage_host_has_lost_its_power()
    {
        var programs = Environment.GetEnvironmentVariable("GODWIT_PROGRAMS");
        Assert.SkipUnless(TwoGuests.Possible && programs is not null, "needs root, qemu-system-x86_64, and GODWIT_PROGRAMS with the built programs");
        var run = await PowerRun.RunAsync(programs!, cuts: 4, seed: 7, TestContext.Current.SendDiagnosticMessage, TestContext.Current.CancellationToken);
        Assert.Empty(run.Failures);
        Assert.True(run is { Cuts: 4, Writes: > 100, Flushes: > 4 }, $"{run}");
    }
}
