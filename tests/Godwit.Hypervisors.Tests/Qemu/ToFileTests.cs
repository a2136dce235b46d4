using System.Diagnostics;

namespace Godwit.Hypervisors.Tests.Qemu;

/// <summary>A guest goes into a file, with no receiver there, and comes out of it later.</summary>
public class ToFileTests(GuestFixture guests, ITestOutputHelper output)
{
    [Fact]
    public async Task A_guest_that_dirties_its_memory_goes_into_a_file_and_counts_on_from_there()
    {
        var order = guests.Order();
        var path = guests.NewFile("memory");
        int ticks;
        await using (var source = await TestCopy.StartAsync(guests, order))
        {
            await source.TypeAsync("dirty");
            await source.WaitForTicksAsync(source.Ticks + 5);
            var began = Stopwatch.GetTimestamp();
            await using var stream = await source.Copy.SendAsync(new SendOptions { ToFile = true }, CancellationToken.None);
            await using var file = File.Create(path);
            var reading = stream.CopyToAsync(file);
            await source.WaitForAsync<CopyEvent.SwitchoverReady>();
            await source.Copy.PermitSwitchoverAsync(CancellationToken.None);
            await source.WaitForAsync<CopyEvent.MemorySent>();
            await source.WaitForAsync<CopyEvent.Held>();
            await reading.WaitAsync(TimeSpan.FromSeconds(30));
            output.WriteLine($"{file.Length} bytes in {Stopwatch.GetElapsedTime(began).TotalMilliseconds:F0} ms");
            // All of memory once, whatever the guest does meanwhile: it stands.
            Assert.InRange(file.Length, 20 << 20, 110 << 20);
            Assert.Equal(CopyPhase.Held, await source.PhaseAsync());
            ticks = source.Ticks;
        }
        await using var destination = await ReceiverAsync(order);
        await using var incoming = await destination.Copy.ReceiveAsync(CancellationToken.None);
        await using (var file = File.OpenRead(path))
            await file.CopyToAsync(incoming);
        await destination.WaitForAsync<CopyEvent.Loaded>();
        Assert.Equal(CopyPhase.Loaded, await destination.PhaseAsync());
        await destination.Copy.ContinueAsync(CancellationToken.None);
        await destination.WaitForTicksAsync(ticks + 3);
        File.Delete(path);
    }

    [Fact]
    public async Task One_that_is_given_up_before_and_after_it_is_held_runs_on_and_moves_later()
    {
        var order = guests.Order();
        await using var source = await TestCopy.StartAsync(guests, order);
        await using (var stream = await source.Copy.SendAsync(new SendOptions { ToFile = true }, CancellationToken.None))
        {
            var reading = stream.CopyToAsync(Stream.Null);
            await source.WaitForAsync<CopyEvent.SwitchoverReady>();
            await stream.DisposeAsync();
            await source.Copy.CancelSendAsync(CancellationToken.None);
            await source.WaitForAsync<CopyEvent.SendFailed>();
            await reading.ContinueWith(_ => { }, TaskScheduler.Default);
        }
        Assert.Equal(CopyPhase.Running, await source.PhaseAsync());
        await source.WaitForTicksAsync(source.Ticks + 3);
        source.ForgetEvents();

        await using (var stream = await source.Copy.SendAsync(new SendOptions { ToFile = true }, CancellationToken.None))
        {
            var reading = stream.CopyToAsync(Stream.Null);
            await source.WaitForAsync<CopyEvent.SwitchoverReady>();
            await source.Copy.PermitSwitchoverAsync(CancellationToken.None);
            await source.WaitForAsync<CopyEvent.Held>();
            await reading;
        }
        await source.Copy.ContinueAsync(CancellationToken.None);
        await source.WaitForTicksAsync(source.Ticks + 3);
        source.ForgetEvents();

        // With a receiver it is held only once that has loaded all, as before.
        await using var destination = await ReceiverAsync(order);
        var incoming = await destination.Copy.ReceiveAsync(CancellationToken.None);
        await using var relay = new Relay(await source.Copy.SendAsync(new SendOptions(), CancellationToken.None), incoming);
        await source.WaitForAsync<CopyEvent.SwitchoverReady>();
        await source.Copy.PermitSwitchoverAsync(CancellationToken.None);
        await source.WaitForAsync<CopyEvent.Held>();
        await destination.WaitForAsync<CopyEvent.Loaded>();
        Assert.True(destination.Events.OfType<CopyEvent.Loaded>().Last().At <= source.Events.OfType<CopyEvent.Held>().Last().At.AddMilliseconds(50));
    }

    [Fact]
    public async Task A_file_that_is_cut_short_is_not_loaded()
    {
        var order = guests.Order(spec => spec with { MemoryMiB = 16 });
        using var file = new MemoryStream();
        await using (var source = await TestCopy.StartAsync(guests, order, boot: false))
        {
            await using var stream = await source.Copy.SendAsync(new SendOptions { ToFile = true }, CancellationToken.None);
            var reading = stream.CopyToAsync(file);
            await source.WaitForAsync<CopyEvent.SwitchoverReady>();
            await source.Copy.PermitSwitchoverAsync(CancellationToken.None);
            await reading.WaitAsync(TimeSpan.FromSeconds(30));
        }
        await using var destination = await ReceiverAsync(order);
        await using (var incoming = await destination.Copy.ReceiveAsync(CancellationToken.None))
            await incoming.WriteAsync(file.ToArray().AsMemory(0, (int)file.Length / 2));
        await destination.WaitForAsync<CopyEvent.ReceiveFailed>();
        Assert.DoesNotContain(destination.Events, e => e is CopyEvent.Loaded);
    }

    private async Task<TestCopy> ReceiverAsync(CopyOrder order) => await TestCopy.OfAsync(
        await guests.Hypervisor.PrepareReceiverAsync(order with { CopyId = Guid.NewGuid() }, CancellationToken.None));
}
