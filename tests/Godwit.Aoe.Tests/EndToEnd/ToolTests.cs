using System.Diagnostics;
using System.Net.Sockets;
using System.Text.Json;
using Godwit.Aoe.Control;

namespace Godwit.Aoe.Tests.EndToEnd;

/// <summary>The programs as they ship, over real sockets, with QEMU's own tools as the guest.</summary>
public sealed class ToolTests : IDisposable
{
    private static readonly string Tool = Path.Combine(AppContext.BaseDirectory, "godwit-aoe");
    private readonly TemporaryDirectory _directory = new();
    private readonly VethPair? _pair;

    public ToolTests()
    {
        Assert.SkipUnless(VethPair.Possible, "needs root, ip and qemu-io");
        _pair = new VethPair();
        using var disk = File.Create(Disk);
        disk.SetLength(64 << 20);
    }

    private VethPair Pair => _pair!;

    private string Disk => _directory.File("disk.img");

    private string Nbd => _directory.File("nbd");

    private string Url => $"nbd+unix:///?socket={Nbd}";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _pair?.Dispose();
        _directory.Dispose();
    }

    private Process Export(params string[] more) => Pair.Start(Pair.Storage, _directory.File("e.ctl"),
        [Tool, "export", Disk, "--shelf", "0", "--slot", "0", "--interface", "st0", "--control", _directory.File("e.ctl"), .. more]);

    private Process Attach(params string[] more) => Pair.Start(Pair.Host, _directory.File("a.ctl"),
        [Tool, "attach", "e0.0", "--interface", "st0", "--socket", Nbd, "--control", _directory.File("a.ctl"), .. more]);

    private (int Code, string Output) QemuIo(params string[] commands) =>
        VethPair.Run("qemu-io", ["-f", "raw", Url, .. commands.SelectMany(c => new[] { "-c", c })]);

    [Fact]
    public async Task A_pattern_that_is_written_is_read_back_and_on_the_disk()
    {
        var export = Export();
        var attach = Attach();
        var (code, output) = QemuIo("write -P 0x5a 1M 3M", "write -f -P 0x33 8M 4k", "write -z 2M 64k", "flush");
        Assert.True(code == 0, output);
        (code, output) = QemuIo("read -P 0x5a 1M 1M", "read -P 0 2M 64k", "read -P 0x33 8M 4k", "read -P 0 60M 4M");
        Assert.True(code == 0 && !output.Contains("failed", StringComparison.Ordinal), output);
        var client = new AttachControlClient(_directory.File("a.ctl"));
        Assert.Equal((AttachState.Up, 64L << 20, true), await Shown(client));
        foreach (var socket in new[] { Nbd, _directory.File("a.ctl"), _directory.File("e.ctl") })
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(socket));
        await client.FlushAsync(Ct);
        await client.DetachAsync(Ct);
        Assert.True(attach.WaitForExit(30_000) && attach.ExitCode == 0);
        Assert.False(File.Exists(Nbd));
        VethPair.Run("kill", "-TERM", export.Id.ToString(System.Globalization.CultureInfo.InvariantCulture));
        Assert.True(export.WaitForExit(30_000) && export.ExitCode == 0);
        var data = await File.ReadAllBytesAsync(Disk, Ct);
        Assert.Equal((0x5a, 0, 0x33), (data[1 << 20], data[2 << 20], data[8 << 20]));
    }

    /// <summary>What is read is lent to the kernel from a mapping; where it is not there any more, a look at it would be the process's end.</summary>
    [Fact]
    public void A_file_that_becomes_shorter_under_its_target_gives_errors_and_no_end()
    {
        var export = Export();
        Attach();
        Assert.Equal(0, QemuIo("write -P 0x5a 0 64k", "write -P 0x5b 32M 64k", "flush", "read -P 0x5b 32M 64k").Code);
        Resize(1 << 20);
        var (_, output) = QemuIo("read 32M 64k", "read -P 0x5a 0 64k");
        Assert.Contains("read failed: Input/output error", output, StringComparison.Ordinal);
        Assert.Contains("read 65536/65536 bytes at offset 0", output, StringComparison.Ordinal);
        Assert.False(export.HasExited);
        Resize(64 << 20);
        (var code, output) = QemuIo("read -P 0 32M 64k", "write -P 0x5c 32M 64k", "flush", "read -P 0x5c 32M 64k");
        Assert.True(code == 0 && !output.Contains("failed", StringComparison.Ordinal), output);

        void Resize(long bytes)
        {
            using var disk = File.Open(Disk, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
            disk.SetLength(bytes);
        }
    }

    /// <summary>One process, two disks of one file, the second on two interfaces; it comes and goes while the first is in use.</summary>
    [Fact]
    public void A_running_target_is_changed_without_disturbing_what_it_serves()
    {
        var socket = _directory.File("e.ctl");
        VethPair.RunIn(Pair.Storage, "ip", "link", "set", "lo", "up");
        Export();
        Attach();
        Assert.Equal(0, QemuIo("write -P 0x5a 1M 1M", "flush").Code);
        (int Code, string Output) Target(params string[] words) => VethPair.RunIn(Pair.Storage, Tool, ["target", .. words, "--control", socket]);
        var (code, output) = Target("add", Disk, "--shelf", "0", "--slot", "1", "--interface", "st0", "--interface", "lo",
            "--offset", "1048576", "--length", "1048576", "--read-only");
        Assert.True(code == 0 && output.Contains("e0.1", StringComparison.Ordinal), output);
        Assert.Contains("st0,lo", Target("list").Output, StringComparison.Ordinal);
        Assert.Contains("e0.1", VethPair.RunIn(Pair.Host, Tool, "discover", "--interface", "st0", "--wait-ms", "3000").Output, StringComparison.Ordinal);
        Assert.Equal(1, Target("add", Disk, "--shelf", "0", "--slot", "2", "--interface", "nonexistent").Code);
        Assert.Equal(0, Target("remove", "e0.1").Code);
        Assert.Equal(1, Target("remove", "e0.1").Code);
        Assert.Equal(0, QemuIo("read -P 0x5a 1M 1M").Code);
        (code, output) = Target("stats", "e0.0", "--json");
        var counters = JsonDocument.Parse(output).RootElement[0].GetProperty("counters");
        Assert.True(code == 0 && counters.GetProperty("writes").GetInt64() > 0 && counters.GetProperty("reads").GetInt64() > 0, output);
        Assert.DoesNotContain("e0.1", Target("stats").Output, StringComparison.Ordinal);
    }

    /// <summary>On a device whose kernel takes writes that it cannot keep, as it turns out when they are synced.</summary>
    [Fact]
    public void What_could_not_be_synced_at_the_end_is_said_by_remove_and_by_the_exit_code()
    {
        Assert.SkipUnless(UnkeepingDevice.Possible, "needs losetup and a free loop device");
        using var device = new UnkeepingDevice();
        var socket = _directory.File("e.ctl");
        (int Code, string Output) Target(params string[] words) => VethPair.RunIn(Pair.Storage, Tool, ["target", .. words, "--control", socket]);
        // Nothing is wrong with the first.
        var export = Export();
        Assert.Equal(0, Target("add", device.Path, "--shelf", "0", "--slot", "1", "--interface", "st0", "--write-cache").Code);
        Write("e0.1");
        var (code, output) = Target("remove", "e0.1");
        Assert.True(code == 1 && output.Contains("may be lost", StringComparison.Ordinal), $"{code} {output}");
        Assert.Equal(1, Target("remove", "e0.1").Code);
        Assert.DoesNotContain("e0.1", Target("list").Output, StringComparison.Ordinal);

        Assert.Equal(0, Target("add", device.Path, "--shelf", "0", "--slot", "1", "--interface", "st0", "--write-cache").Code);
        Write("e0.1");
        VethPair.Run("kill", "-TERM", export.Id.ToString(System.Globalization.CultureInfo.InvariantCulture));
        Assert.True(export.WaitForExit(10_000));
        Assert.Equal(1, export.ExitCode);

        void Write(string disk)
        {
            var (nbd, control) = (_directory.File("w.nbd"), _directory.File("w.ctl"));
            var attach = Pair.Start(Pair.Host, control, Tool, "attach", disk, "--interface", "st0", "--socket", nbd, "--control", control);
            // It ends as by a crash: else it would flush, and hear of it.
            VethPair.Run("qemu-io", "-t", "writeback", "-f", "raw", $"nbd+unix:///?socket={nbd}", "-c", "write -P 1 0 12M", "-c", "abort");
            Assert.Matches(@"(?m)^e0\.1\s+\d+\s+1[0-9]{3}\s+0\s+0\s", Target("stats").Output);
            attach.Kill();
            attach.WaitForExit();
            File.Delete(control);
            File.Delete(nbd);
        }
    }

    [Fact]
    public async Task A_fence_that_moves_away_gives_io_errors()
    {
        Export("--managed", "--new-state", "--state", _directory.File("state"));
        var fence = new ExportControlClient(_directory.File("e.ctl"));
        var (_, mac) = VethPair.RunIn(Pair.Host, "cat", "/sys/class/net/st0/address");
        var session = await fence.AdmitAsync("resource-1", [mac.Trim()], Ct);
        Attach("--session", $"{session}");
        Assert.NotEqual(0, QemuIo("write -P 1 0 4k").Code);
        await fence.FenceAsync("resource-1", 1, session, Ct);
        Assert.Equal(0, QemuIo("write -P 1 0 64k", "flush", "read -P 1 0 64k").Code);

        var other = await fence.AdmitAsync("resource-2", ["02:00:00:00:00:99"], Ct);
        Assert.Equal(new FenceAnswer(1, other), await fence.FenceAsync("resource-2", 2, other, Ct));
        var (code, output) = QemuIo("write -P 2 0 4k");
        Assert.True(code != 0 && output.Contains("Input/output error", StringComparison.Ordinal), output);
        Assert.NotEqual(0, QemuIo("read 0 4k").Code);
        Assert.Equal(1, (await File.ReadAllBytesAsync(Disk, Ct))[0]);

        var attach = new AttachControlClient(_directory.File("a.ctl"));
        for (var i = 0; i < 600 && (await attach.StatusAsync(Ct)).State != AttachState.Superseded; i++) await Task.Delay(50, Ct);
        Assert.Equal(AttachState.Superseded, (await attach.StatusAsync(Ct)).State);
        // Given back under a new session, the attachment goes on without a restart.
        session = await fence.AdmitAsync("resource-1", [mac.Trim()], Ct);
        await fence.FenceAsync("resource-1", 3, session, Ct);
        await attach.SetSessionAsync(session, Ct);
        Assert.Equal(0, QemuIo("write -P 3 0 4k", "flush").Code);
    }

    /// <summary>Nothing but the two processes and the engine is there: no daemon has a part in it.</summary>
    [Fact]
    public async Task An_engine_that_does_no_io_is_paused_when_its_disk_has_another_writer()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/qemu-system-x86_64"), "needs qemu-system-x86_64");
        Export("--managed", "--new-state", "--state", _directory.File("state"));
        var fence = new ExportControlClient(_directory.File("e.ctl"));
        var (_, mac) = VethPair.RunIn(Pair.Host, "cat", "/sys/class/net/st0/address");
        var session = await fence.AdmitAsync("resource-1", [mac.Trim()], Ct);
        await fence.FenceAsync("resource-1", 1, session, Ct);
        var (stop, monitor) = (_directory.File("engine.stop"), _directory.File("qmp"));
        Pair.Start(Pair.Host, monitor, "qemu-system-x86_64", "-machine", "none", "-nodefaults", "-display", "none",
            "-qmp", $"unix:{stop},server=on,wait=off", "-qmp", $"unix:{monitor},server=on,wait=off");
        var attach = Attach("--session", $"{session}", "--stop-engine", stop);
        var client = new AttachControlClient(_directory.File("a.ctl"));
        Assert.Equal(0, QemuIo("write -P 1 0 64k").Code);
        await Task.Delay(1500, Ct);
        Assert.Equal((true, null), (await IsRunningAsync(monitor), (await client.StatusAsync(Ct)).EngineStopped));

        var other = await fence.AdmitAsync("resource-2", ["02:00:00:00:00:99"], Ct);
        await fence.FenceAsync("resource-2", 2, other, Ct);
        var began = Stopwatch.GetTimestamp();
        while (await IsRunningAsync(monitor))
        {
            Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(10), "it runs on");
            await Task.Delay(20, Ct);
        }
        await Task.Delay(200, Ct);
        var status = await client.StatusAsync(Ct);
        Assert.Equal((AttachState.Superseded, true), (status.State, status.EngineStopped));
        Assert.False(attach.HasExited);
    }

    private static async Task<bool> IsRunningAsync(string monitor)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(monitor), Ct);
        await using var stream = new NetworkStream(socket);
        using var reader = new StreamReader(stream);
        await stream.WriteAsync("{\"execute\":\"qmp_capabilities\"}{\"execute\":\"query-status\"}\n"u8.ToArray(), Ct);
        while (await reader.ReadLineAsync(Ct) is { } line)
        {
            if (line.Contains("\"running\": ", StringComparison.Ordinal)) return line.Contains("\"running\": true", StringComparison.Ordinal);
        }
        throw new IOException("no answer");
    }

    [Fact]
    public async Task The_fence_outlives_the_process_and_is_not_made_up_when_it_is_lost()
    {
        var state = _directory.File("state");
        {
            var export = Export("--managed", "--new-state", "--state", state);
            // A second one with the same state would believe in a fence of its own.
            var (code, output) = VethPair.RunIn(Pair.Storage, Tool, "export", Disk, "--shelf", "0", "--slot", "0",
                "--interface", "st0", "--managed", "--state", state);
            Assert.True(code == 1 && output.Contains("Another process", StringComparison.Ordinal), output);
            var fence = new ExportControlClient(_directory.File("e.ctl"));
            await fence.FenceAsync("h", 9, await fence.AdmitAsync("h", ["02:00:00:00:00:99"], Ct), Ct);
            export.Kill();
            export.WaitForExit();
        }
        File.Delete(_directory.File("e.ctl"));
        var again = Export("--managed", "--state", state);
        Assert.Equal(9, (await new ExportControlClient(_directory.File("e.ctl")).StatusAsync(Ct)).Epoch);
        again.Kill();
        again.WaitForExit();
        File.Delete(_directory.File("e.ctl"));
        File.Delete(Path.Combine(state, "e0.0.fence"));
        Export("--managed", "--state", state);
        var status = await new ExportControlClient(_directory.File("e.ctl")).StatusAsync(Ct);
        Assert.True(!status.ServesWrites && status.Problem!.Contains("missing", StringComparison.Ordinal), status.Problem);
    }

    [Fact]
    public void Discover_and_stat_show_it()
    {
        Export();
        var (code, output) = VethPair.RunIn(Pair.Host, Tool, "discover", "--wait-ms", "3000");
        Assert.True(code == 0, output);
        Assert.Matches(@"(?m)^e0\.0\s+st0\s+([0-9a-f]{2}:){5}[0-9a-f]{2}\s+128\s+1\s+17$", output);
        (code, output) = VethPair.RunIn(Pair.Host, Tool, "stat", "e0.0", "--wait-ms", "3000");
        Assert.True(code == 0, output);
        Assert.Matches(@"(?m)^\s+e0\.0\s+0\.067GB\s+st0\s+9000 up\s+open$", output);
        (code, output) = VethPair.RunIn(Pair.Host, Tool, "stat", "--json", "--wait-ms", "3000");
        using var json = JsonDocument.Parse(output);
        Assert.Equal(64 << 20, json.RootElement[0].GetProperty("size").GetInt64());
        (code, output) = VethPair.RunIn(Pair.Host, Tool, "stat", "e1.1", "--wait-ms", "50");
        Assert.True(code == 1 && output.Contains("down", StringComparison.Ordinal), output);
    }

    /// <summary>With two interfaces on each side, of which one is taken away and brought back.</summary>
    [Fact]
    public async Task Stat_shows_how_the_paths_of_an_attached_disk_do()
    {
        Pair.AddCable("st1");
        Export("--interface", "st1");
        Attach("--interface", "st1");
        var client = new AttachControlClient(_directory.File("a.ctl"));
        async Task BothUpAsync()
        {
            for (var i = 0; i < 1200 && (await client.StatusAsync(Ct)).Paths.Count(p => p.State == PathCondition.Up) < 2; i++) await Task.Delay(25, Ct);
        }
        await BothUpAsync();
        Assert.Equal(0, QemuIo("write -P 0x5a 1M 3M", "read -P 0x5a 1M 3M", "flush").Code);
        var (code, output) = VethPair.RunIn(Pair.Host, Tool, "stat", "--control", _directory.File("a.ctl"));
        Assert.True(code == 0, output);
        Assert.Matches(@"(?m)^\s+e0\.0\s+0\.067GB\s+st0,st1\s+9000 up\s+session 0, write cache$", output);
        Assert.Matches(@"(?m)^  st1\s+([0-9a-f]{2}:){5}[0-9a-f]{2} up\s+17\s+\d+/128\s+\d+\s+\d+\s+\d+\s+[1-9]\d*\s+[1-9]\d*\s+[1-9]\d*$", output);
        (code, output) = VethPair.RunIn(Pair.Host, Tool, "stat", "--json", "--control", _directory.File("a.ctl"), "--control", "/nonexistent.sock");
        Assert.True(code == 1 && output.Contains("no control socket /nonexistent.sock", StringComparison.Ordinal), output);
        using var json = JsonDocument.Parse(output[..(output.LastIndexOf(']') + 1)]);
        Assert.Equal(2, json.RootElement[0].GetProperty("paths").GetArrayLength());

        VethPair.RunIn(Pair.Host, "ip", "link", "set", "st0", "down");
        Assert.Equal(0, QemuIo("write -P 0x5b 1M 3M", "read -P 0x5b 1M 3M", "flush").Code);
        VethPair.RunIn(Pair.Host, "ip", "link", "set", "st0", "up");
        await BothUpAsync();
        Assert.All((await client.StatusAsync(Ct)).Paths, path => Assert.Equal(PathCondition.Up, path.State));
        VethPair.RunIn(Pair.Host, "ip", "link", "del", "st1");
        Assert.Equal(0, QemuIo("read -P 0x5b 1M 3M", "write 0 1M", "flush").Code);
    }

    [Theory]
    [InlineData(2, "export", "/x")]
    [InlineData(2, "attach", "e0.255", "--interface", "st0", "--socket", "s")]
    [InlineData(2, "dance")]
    [InlineData(2, "export", "/x", "--shelf", "0", "--slot", "0", "--interface", "st0", "--managed")]
    [InlineData(2, "export", "/x", "--shelf", "0", "--slot", "0", "--interface", "st0", "--offset", "100")]
    [InlineData(1, "target", "list", "--control", "/nonexistent.sock")]
    [InlineData(2, "target", "list")]
    [InlineData(1, "stat", "--control", "/nonexistent.sock")]
    [InlineData(2, "stat", "e0.0", "--control", "/nonexistent.sock")]
    [InlineData(0, "stat", "--help")]
    [InlineData(0, "target", "add", "--help")]
    [InlineData(1, "export", "/nonexistent", "--shelf", "0", "--slot", "0", "--interface", "st0")]
    [InlineData(1, "discover", "--interface", "nonexistent")]
    [InlineData(1, "attach", "e9.9", "--interface", "st0", "--socket", "s", "--timeout-seconds", "1")]
    [InlineData(0, "export", "--help")]
    public void Exit_codes_tell_usage_from_failure(int expected, params string[] arguments)
    {
        var (code, output) = VethPair.RunIn(Pair.Host, Tool, arguments);
        Assert.True(expected == code, $"{code}: {output}");
        Assert.DoesNotContain("   at ", output, StringComparison.Ordinal);
        if (expected == 0) Assert.Contains("Examples:", output, StringComparison.Ordinal);
    }

    private static async Task<(AttachState, long, bool)> Shown(AttachControlClient client)
    {
        var status = await client.StatusAsync(Ct);
        return (status.State, status.Size, status.WriteCache);
    }
}
