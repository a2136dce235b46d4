using System.Diagnostics;
using Godwit.Native.Processes;

namespace Godwit.Native.Tests.Processes;

public class RunningProcessTests
{
    [Fact]
    public async Task OneThatGoesOnIsWaitedForNoLongerThanTheLimit()
    {
        using var sleep = Process.Start("sleep", "600");
        var process = RunningProcess.TryOpen(sleep.Id)!.Value;
        try
        {
            Assert.False(await process.EndsAsync(TimeSpan.FromMilliseconds(20), TimeProvider.System, TestContext.Current.CancellationToken));
        }
        finally
        {
            process.Kill();
        }
        Assert.True(await process.EndsAsync(TimeSpan.FromSeconds(30), TimeProvider.System, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task EndedItHasGone()
    {
        using var sleep = Process.Start("sleep", "600");
        var process = RunningProcess.TryOpen(sleep.Id)!.Value;
        await process.EndAsync();
        Assert.True(process.HasExited());
        // Again, it is harmless.
        await process.EndAsync();
    }
}
