using Godwit.Domains;
using Godwit.Relocation;
using Godwit.Simulation.Histories;
using Godwit.Simulation.World;

namespace Godwit.Simulation.Tests;

/// <summary>A guest that reboots while it is being moved.</summary>
public class RebootTests
{
    [Theory]
    [InlineData(LifecycleAction.Destroy)]
    [InlineData(LifecycleAction.Preserve)]
    [InlineData(LifecycleAction.Restart)]
    public void OnRebootIsFollowedAndNotOnCrash(LifecycleAction onReboot)
    {
        for (var seed = 1; seed <= 20; seed++)
        {
            var outcome = History.Run(
                Plan.Parse($"{seed}/1 0:PreCopy:GuestReboots+5"), new SimOptions { OnReboot = onReboot, Traces = true });
            var trace = string.Join('\n', outcome.Trace);
            Assert.True(outcome.Failure is null, $"{outcome.Failure}\n{trace}");
            // A pause by a user may have come first, and nothing runs then that could reboot.
            if (!trace.Contains("GuestRebooted", StringComparison.Ordinal))
                continue;
            Assert.Equal(onReboot != LifecycleAction.Restart, outcome.Endings.Contains(RelocationEnding.GuestEnded));
            Assert.DoesNotContain("Crashed", trace);
            Assert.Equal(onReboot == LifecycleAction.Preserve, trace.Contains("ShutOff", StringComparison.Ordinal));
        }
    }
}
