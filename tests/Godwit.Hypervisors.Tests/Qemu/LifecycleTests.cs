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

        // What it has it keeps, and whoever asks is told what to do instead.
        foreach (var ask in (Func<Task>[])[() => copy.Copy.SetMemoryAsync(64, CancellationToken.None), () => copy.Copy.SetVirtualCpusAsync(2, CancellationToken.None)])
        {
            var refused = await Assert.ThrowsAsync<Domains.GodwitException>(ask);
            Assert.Equal(HypervisorErrors.NotWithThisEngine, refused.Code);
            Assert.Contains("configuration file", refused.Remedy, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task The_power_button_and_the_guests_own_power_off_end_in_ShutOff()
    {
        await using var copy = await TestCopy.StartAsync(guests, guests.Order());
        await copy.Copy.RequestShutdownAsync(CancellationToken.None);
        await copy.WaitForAsync<CopyEvent.GuestPoweredOff>();
        Assert.Equal(CopyPhase.ShutOff, await copy.PhaseAsync());
    }

    [Fact]
    public async Task A_restart_is_the_engines_own_work_or_is_reported_as_the_configuration_says()
    {
        await using var again = await TestCopy.StartAsync(guests, guests.Order());
        await again.Copy.RebootAsync(CancellationToken.None);
        await WaitForSecondBootAsync(again);
        Assert.DoesNotContain(again.Events, e => e is CopyEvent.GuestRebooted);

        await using var once = await TestCopy.StartAsync(
            guests, guests.Order(spec => spec with { OnReboot = Domains.LifecycleAction.Preserve }));
        await once.TypeAsync("restart");
        await once.WaitForAsync<CopyEvent.GuestRebooted>();
        Assert.Equal(CopyPhase.ShutOff, await once.PhaseAsync());
    }

    [Fact]
    public async Task A_console_has_scrollback_takes_input_and_many_viewers_see_the_same()
    {
        await using var copy = await TestCopy.StartAsync(guests, guests.Order());
        await copy.TypeAsync("hello");
        await copy.WaitForTextAsync("heard hello");
        await using var late = await copy.Copy.OpenConsoleAsync(CancellationToken.None);
        using var reader = new StreamReader(late);
        var lines = new List<string>();
        while (lines.LastOrDefault() is not "heard hello") lines.Add((await reader.ReadLineAsync())!);
        Assert.Contains("guest is up", lines);
        Assert.Contains("tick 0", lines);
        await late.WriteAsync("again\n"u8.ToArray());
        await copy.WaitForTextAsync("heard again");
    }

    [Fact]
    public async Task A_copy_is_found_again_by_a_new_driver_and_its_console_goes_on()
    {
        var order = guests.Order();
        var before = await TestCopy.StartAsync(guests, order);
        await before.LetGoAsync();

        var driver = await guests.OpenAsync();
        var found = (await driver.FindCopiesAsync(CancellationToken.None)).Where(copy => copy.CopyId == order.CopyId).ToList();
        await using var after = await TestCopy.OfAsync(Assert.Single(found));
        Assert.Equal(CopyPhase.Running, await after.PhaseAsync());
        Assert.Equal(order.Spec.Name, after.Copy.Order.Spec.Name);
        Assert.Equal(order.Pin, after.Copy.Order.Pin);
        await after.WaitForTextAsync("guest is up");
        await after.WaitForTicksAsync(before.Ticks + 3);
        await after.TypeAsync("still here");
        await after.WaitForTextAsync("heard still here");
    }

    [Fact]
    public async Task An_engine_that_is_killed_is_noticed_and_what_it_leaves_is_removed()
    {
        var order = guests.Order();
        await using var copy = await TestCopy.StartAsync(guests, order, boot: false);
        var process = (await copy.Copy.QueryAsync(CancellationToken.None)).ProcessId;
        await Godwit.Native.Processes.ProgramRunner.RunAsync(["kill", "-KILL", $"{process}"]);
        await copy.WaitForAsync<CopyEvent.Exited>();
        Assert.Equal(CopyPhase.Gone, await copy.PhaseAsync());
        Assert.False(Directory.Exists($"/proc/{process}"), "a zombie is left");

        Assert.DoesNotContain(await guests.Hypervisor.FindCopiesAsync(CancellationToken.None), c => c.CopyId == order.CopyId);
        Assert.Empty(Directory.GetDirectories(guests.Options.RunDirectory, $"*{order.CopyId:N}"));
    }

    [Fact]
    public async Task Destroying_leaves_nothing_and_may_be_repeated()
    {
        var order = guests.Order();
        await using var copy = await TestCopy.StartAsync(guests, order);
        await copy.Copy.DestroyAsync(CancellationToken.None);
        await copy.Copy.DestroyAsync(CancellationToken.None);
        await copy.WaitForAsync<CopyEvent.Exited>();
        Assert.Empty(Directory.GetDirectories(guests.Options.RunDirectory, $"*{order.CopyId:N}"));
    }

    [Fact]
    public async Task What_QEMU_says_at_a_failed_start_reaches_the_user_and_nothing_is_left()
    {
        var order = guests.Order();
        order = order with { Pin = order.Pin with { MachineType = "pc-q35-99.0" } };
        var failure = await Assert.ThrowsAsync<Domains.GodwitException>(
            () => guests.Hypervisor.StartAsync(order, CancellationToken.None));
        Assert.Contains("unsupported machine type", failure.Message);
        Assert.Empty(Directory.GetDirectories(guests.Options.RunDirectory, $"*{order.CopyId:N}"));
    }

    [Fact]
    public async Task A_disk_holds_what_was_written_and_one_that_is_gone_stops_the_guest()
    {
        var (disk, socket) = (guests.NewFile("disk.raw"), guests.NewFile("disk.sock"));
        await File.WriteAllBytesAsync(disk, new byte[4 << 20]);
        using var server = Process.Start("qemu-nbd", ["--socket", socket, "--format", "raw", "--persistent", "--shared", "2", disk]);
        while (!File.Exists(socket)) await Task.Delay(10);
        var order = guests.Order(
            spec => spec with { Disks = [new Domains.DiskSpec { Target = "vg/lv", Backend = Domains.DiskBackend.Block, VirtualDevice = "hda" }] },
            new DiskSource(DiskSourceKind.NbdSocket, socket, false));
        await using var copy = await TestCopy.StartAsync(guests, order);
        await copy.TypeAsync("write godwit-was-here");
        await copy.WaitForTextAsync("written");
        Assert.StartsWith("godwit-was-here", System.Text.Encoding.ASCII.GetString(await File.ReadAllBytesAsync(disk)), StringComparison.Ordinal);

        server.Kill();
        await server.WaitForExitAsync();
        await copy.TypeAsync("read");
        var failed = await copy.WaitForAsync<CopyEvent.DiskFailed>();
        Assert.Equal("vda", failed.Device);
        Assert.Equal(CopyPhase.IoError, await copy.PhaseAsync());
    }

    [Fact]
    public async Task Monitor_and_console_are_for_their_owner_alone()
    {
        var order = guests.Order();
        await using var copy = await TestCopy.StartAsync(guests, order, boot: false);
        var directory = Assert.Single(Directory.GetDirectories(guests.Options.RunDirectory, $"*{order.CopyId:N}"));
        const UnixFileMode owner = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        Assert.Equal(owner | UnixFileMode.UserExecute, File.GetUnixFileMode(guests.Options.RunDirectory));
        Assert.Equal(owner | UnixFileMode.UserExecute, File.GetUnixFileMode(directory));
        Assert.Equal(owner, File.GetUnixFileMode(Path.Combine(directory, "qmp.sock")));
        Assert.Equal(owner, File.GetUnixFileMode(Path.Combine(directory, "console.sock")));
    }

    /// <summary>The daemon's own monitor stays in use meanwhile: each of the two serves one client.</summary>
    [Fact]
    public async Task Who_serves_a_disk_can_pause_the_guest_past_the_daemon()
    {
        var (disk, stop) = (guests.NewFile("stop.raw"), guests.NewFile("disk.stop"));
        await File.WriteAllBytesAsync(disk, new byte[1 << 20]);
        await File.WriteAllTextAsync(stop, "left by an earlier engine");
        var order = guests.Order(
            spec => spec with { Disks = [new Domains.DiskSpec { Target = disk, Backend = Domains.DiskBackend.File, VirtualDevice = "hda" }] },
            new DiskSource(DiskSourceKind.RawFile, disk, false) { StopSocket = stop });
        await using var copy = await TestCopy.StartAsync(guests, order);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(stop));
        await using (var qmp = await Hypervisors.Qemu.Qmp.QmpConnection.ConnectAsync(stop, CancellationToken.None))
            await qmp.ExecuteAsync("stop", CancellationToken.None);
        await copy.WaitForAsync<CopyEvent.Stopped>();
        Assert.Equal(CopyPhase.Paused, await copy.PhaseAsync());
        await copy.Copy.ContinueAsync(CancellationToken.None);
        await copy.WaitForTicksAsync(copy.Ticks + 2);
    }

    private static async Task WaitForSecondBootAsync(TestCopy copy)
    {
        var began = Stopwatch.GetTimestamp();
        while (copy.Console.Split("guest is up").Length < 3)
        {
            Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(60), copy.Console);
            await Task.Delay(20);
        }
    }
}
