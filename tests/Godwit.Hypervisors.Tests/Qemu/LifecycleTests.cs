using System.Diagnostics;

namespace Godwit.Hypervisors.Tests.Qemu;

public class LifecycleTests(GuestFixture guests, ITestOutputHelper output)
{
    [Fact]
    public async Task A_guest_starts_paused_and_runs_when_it_is_let()
    {
        var began = Stopwatch.GetTimestamp();
        await using var copy = await TestCopy.StartAsync(guests, guests.Order(), boot: false);
        output.WriteLine($"monitor ready after {Stopwatch.GetElapsedTime(began).TotalMilliseconds:F1} ms");
        Assert.Equal(CopyPhase.Prepared, await copy.PhaseAsync());
        await Task.Delay(300);
        Assert.Equal("", copy.Console);

        await copy.Copy.ContinueAsync(CancellationToken.None);
        await copy.WaitForAsync<CopyEvent.Resumed>();
        await copy.WaitForTextAsync("tick 3");
        output.WriteLine($"up after {Stopwatch.GetElapsedTime(began).TotalMilliseconds:F0} ms");

        await copy.Copy.PauseAsync(CancellationToken.None);
        await copy.WaitForAsync<CopyEvent.Stopped>();
        Assert.Equal(CopyPhase.Paused, await copy.PhaseAsync());
        await Task.Delay(200);
        var ticks = copy.Ticks;
        await Task.Delay(300);
        Assert.Equal(ticks, copy.Ticks);
        await copy.Copy.ContinueAsync(CancellationToken.None);
        await copy.WaitForTicksAsync(ticks + 2);

        var status = await copy.Copy.QueryAsync(CancellationToken.None);
        Assert.True(status.CpuTime > TimeSpan.FromMilliseconds(500));
        Assert.True(status.ProcessId > 0);
        Assert.Equal(96, status.MemoryMiB);
    }
}
