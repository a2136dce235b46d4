using System.Diagnostics;

namespace Godwit.Hypervisors.Tests.Qemu;

public class MigrationTests(GuestFixture guests, ITestOutputHelper output)
{
    [Fact]
    public async Task A_running_guest_moves_and_goes_on_counting()
    {
        var order = guests.Order();
        await using var source = await TestCopy.StartAsync(guests, order);
        var began = Stopwatch.GetTimestamp();
        await using var destination = await TestCopy.OfAsync(
            await guests.Hypervisor.PrepareReceiverAsync(order with { CopyId = Guid.NewGuid() }, CancellationToken.None));
        output.WriteLine($"receiver ready after {Stopwatch.GetElapsedTime(began).TotalMilliseconds:F1} ms");
        Assert.Equal(CopyPhase.Receiving, await destination.PhaseAsync());

        var incoming = await destination.Copy.ReceiveAsync(CancellationToken.None);
        var outgoing = await source.Copy.SendAsync(new SendOptions(), CancellationToken.None);
        using var record = Environment.GetEnvironmentVariable("GODWIT_RECORD") is { } path ? File.Create(path) : null;
        await using var relay = new Relay(outgoing, incoming, record);
        var ready = await source.WaitForAsync<CopyEvent.SwitchoverReady>();
        Assert.Equal(CopyPhase.SwitchingOver, await source.PhaseAsync());
        var ticks = source.Ticks;
        await source.Copy.PermitSwitchoverAsync(CancellationToken.None);
        var held = await source.WaitForAsync<CopyEvent.Held>();
        var loaded = await destination.WaitForAsync<CopyEvent.Loaded>();
        Assert.Equal(CopyPhase.Held, await source.PhaseAsync());
        Assert.Equal(CopyPhase.Loaded, await destination.PhaseAsync());
        await destination.Copy.ContinueAsync(CancellationToken.None);
        var resumed = await destination.WaitForAsync<CopyEvent.Resumed>();
        var total = Stopwatch.GetElapsedTime(began);
        Assert.Equal(CopyPhase.Running, await destination.PhaseAsync());
        await destination.WaitForTicksAsync(ticks + 3);

        var events = source.Events.SkipWhile(e => e is not CopyEvent.RoundBegan).ToList();
        Assert.IsType<CopyEvent.RoundBegan>(events[0]);
        var order2 = events.Where(e => e is not CopyEvent.RoundBegan).Select(e => e.GetType()).ToList();
        Assert.Equal(
            [typeof(CopyEvent.Stopped), typeof(CopyEvent.SwitchoverReady), typeof(CopyEvent.MemorySent), typeof(CopyEvent.Held)],
            order2);
        var stopped = await source.WaitForAsync<CopyEvent.Stopped>();
        var memory = await source.WaitForAsync<CopyEvent.MemorySent>();
        Assert.InRange(memory.At, ready.At, held.At);
        output.WriteLine(
            $"total {total.TotalMilliseconds:F0} ms, {relay.Bytes} bytes; stop to: ready {Since(ready)}, memory sent {Since(memory)}, "
            + $"loaded {Since(loaded)}, held {Since(held)}, resumed {Since(resumed)}");

        string Since(CopyEvent e) => $"{(e.At - stopped.At).TotalMilliseconds:F1} ms";
    }
}
