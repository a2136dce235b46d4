using System.Diagnostics;
using CsCheck;

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
        Assert.Empty(await EngineMemory.DifferencesAsync(source.Copy, destination.Copy));
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

    [Fact]
    public async Task Cancelled_before_the_switchover_the_guest_runs_on_and_can_move_later()
    {
        var order = guests.Order();
        await using var source = await TestCopy.StartAsync(guests, order);
        await using (var first = await ReceiverAsync(order))
        {
            await using (await JoinAsync(source, first))
            {
                await source.WaitForAsync<CopyEvent.SwitchoverReady>();
                await source.Copy.CancelSendAsync(CancellationToken.None);
                Assert.Equal(CopyPhase.Running, await source.PhaseAsync());
                await source.WaitForAsync<CopyEvent.SendFailed>();
            }
            await first.WaitForAsync<CopyEvent.ReceiveFailed>();
        }
        await source.WaitForTicksAsync(source.Ticks + 3);
        source.ForgetEvents();

        await using var second = await ReceiverAsync(order);
        await using var again = await JoinAsync(source, second);
        await source.WaitForAsync<CopyEvent.SwitchoverReady>();
        await source.Copy.PermitSwitchoverAsync(CancellationToken.None);
        await source.WaitForAsync<CopyEvent.Held>();
        await source.Copy.CancelSendAsync(CancellationToken.None);
        Assert.Equal(CopyPhase.Held, await source.PhaseAsync());

        // The winner of an abort goes on with the held copy.
        await second.Copy.DestroyAsync(CancellationToken.None);
        await source.Copy.ContinueAsync(CancellationToken.None);
        await source.WaitForTicksAsync(source.Ticks + 3);
        Assert.Equal(CopyPhase.Running, await source.PhaseAsync());
    }

    [Fact]
    public async Task A_receiver_that_dies_while_the_guest_is_stopped_lets_the_source_run_on()
    {
        var order = guests.Order();
        await using var source = await TestCopy.StartAsync(guests, order);
        await using var destination = await ReceiverAsync(order);
        await using var relay = await JoinAsync(source, destination);
        await source.WaitForAsync<CopyEvent.SwitchoverReady>();
        await destination.Copy.DestroyAsync(CancellationToken.None);
        await source.Copy.PermitSwitchoverAsync(CancellationToken.None);
        var failed = await source.WaitForAsync<CopyEvent.SendFailed>();
        Assert.NotEmpty(failed.Reason);
        await destination.WaitForAsync<CopyEvent.ReceiveFailed>();
        await source.WaitForTicksAsync(source.Ticks + 3);
        Assert.Equal(CopyPhase.Running, await source.PhaseAsync());
        Assert.DoesNotContain(source.Events, e => e is CopyEvent.Held);
    }

    [Fact]
    public async Task A_paused_guest_arrives_and_its_count_goes_on_where_it_stood()
    {
        var order = guests.Order();
        await using var source = await TestCopy.StartAsync(guests, order);
        await source.Copy.PauseAsync(CancellationToken.None);
        await using var destination = await ReceiverAsync(order);
        await using var relay = await JoinAsync(source, destination);
        await source.WaitForAsync<CopyEvent.SwitchoverReady>();
        await source.Copy.PermitSwitchoverAsync(CancellationToken.None);
        await source.WaitForAsync<CopyEvent.Held>();
        await destination.WaitForAsync<CopyEvent.Loaded>();
        Assert.Equal(CopyPhase.Loaded, await destination.PhaseAsync());
        await destination.Copy.ContinueAsync(CancellationToken.None);
        await destination.WaitForTicksAsync(source.Ticks + 3);
    }

    [Fact]
    public async Task A_paused_guest_whose_move_fails_stays_paused_and_says_how_it_can_be_moved()
    {
        var order = guests.Order();
        await using var source = await TestCopy.StartAsync(guests, order);
        await source.Copy.PauseAsync(CancellationToken.None);
        await using var destination = await ReceiverAsync(order);
        await using (await JoinAsync(source, destination))
        {
            await source.WaitForAsync<CopyEvent.SwitchoverReady>();
            await source.Copy.CancelSendAsync(CancellationToken.None);
        }
        Assert.Equal(CopyPhase.Paused, await source.PhaseAsync());
        var refused = await Assert.ThrowsAsync<Domains.GodwitException>(
            () => source.Copy.SendAsync(new SendOptions(), CancellationToken.None));
        Assert.Equal("paused-after-move", refused.Code);
        await source.Copy.ContinueAsync(CancellationToken.None);
        await source.WaitForTicksAsync(source.Ticks + 3);
    }

    [Fact]
    public async Task The_boundary_in_a_real_stream_is_found_however_it_is_cut()
    {
        var order = guests.Order(spec => spec with { MemoryMiB = 16 });
        await using var source = await TestCopy.StartAsync(guests, order, boot: false);
        await using var destination = await ReceiverAsync(order);
        using var record = new MemoryStream();
        await using (var relay = new Relay(
            await source.Copy.SendAsync(new SendOptions(), CancellationToken.None),
            await destination.Copy.ReceiveAsync(CancellationToken.None), record))
        {
            await source.WaitForAsync<CopyEvent.SwitchoverReady>();
            await source.Copy.PermitSwitchoverAsync(CancellationToken.None);
            await source.WaitForAsync<CopyEvent.Held>();
        }
        var stream = record.ToArray();
        var whole = Migration.MigrationStreamParserTests.FindBoundary(stream, [stream.Length]);
        // What follows is a section of a device (FULL), which begins with the kind, an id and its name's length.
        Assert.InRange(whole, 1000, stream.Length);
        Assert.Equal(4, stream[whole]);
        Gen.Int[1, 20000].Array[1, 20].Sample(
            cuts => Assert.Equal(whole, Migration.MigrationStreamParserTests.FindBoundary(stream, cuts)), iter: 50);

        var big = stream.AsMemory(0, whole - 1);
        var began = Stopwatch.GetTimestamp();
        for (var i = 0; i < 20; i++) new Hypervisors.Qemu.Migration.MigrationStreamParser().Take(big.Span);
        output.WriteLine($"followed at {20.0 * big.Length / Stopwatch.GetElapsedTime(began).TotalSeconds / 1e9:F1} GB/s ({big.Length} bytes, mostly zero pages)");
    }

    private async Task<TestCopy> ReceiverAsync(CopyOrder order) => await TestCopy.OfAsync(
        await guests.Hypervisor.PrepareReceiverAsync(order with { CopyId = Guid.NewGuid() }, CancellationToken.None));

    private static async Task<Relay> JoinAsync(TestCopy source, TestCopy destination)
    {
        var incoming = await destination.Copy.ReceiveAsync(CancellationToken.None);
        return new Relay(await source.Copy.SendAsync(new SendOptions(), CancellationToken.None), incoming);
    }
}
