namespace Godwit.Bench.Ways;

/// <summary>
/// Bare QEMU by its monitor: start a receiver, `migrate tcp:`, and nothing else. Nobody checks, encrypts, commits or
/// fences, and the receiver runs on by itself as soon as the stream has ended.
/// </summary>
internal sealed class RawQemu(BenchLab bench, Guest guest) : IWay
{
    private const string Capabilities =
        """{"execute":"migrate-set-capabilities","arguments":{"capabilities":[{"capability":"events","state":true}]}}""";
    private const int Port = 4444;
    private readonly Dictionary<string, Qmp> _monitors = [];
    private int _disk;

    public Guest Guest => guest;

    public async Task StartAsync(CancellationToken ct)
    {
        _disk = await bench.ExportPlainAsync(guest, ct);
        await LaunchAsync(BenchLab.First, receiver: false, ct);
    }

    public async Task<TimedMove> MoveAsync(string from, string to, CancellationToken ct)
    {
        var source = _monitors[from];
        await source.ForgetAsync(ct);
        var began = BenchLab.NowMs;
        await LaunchAsync(to, receiver: true, ct);
        var destination = _monitors[to];
        await destination.CallAsync(Capabilities, ct);
        await destination.CallAsync($$"""{"execute":"migrate-incoming","arguments":{"uri":"tcp:0.0.0.0:{{Port}}"} }""", ct);
        await source.CallAsync(Capabilities, ct);
        await source.CallAsync(
            $$"""{"execute":"migrate-set-parameters","arguments":{"downtime-limit":{{bench.DowntimeLimitMs}},"max-bandwidth":0} }""", ct);
        await source.CallAsync(
            $$"""{"execute":"migrate","arguments":{"uri":"tcp:{{BenchLab.AddressOf(to)}}:{{Port}}"} }""", ct);
        var resumed = await destination.WaitForAsync("RESUME", ct);
        await source.WaitForAsync("MIGRATION/completed", ct);
        var stopped = await source.WaitForAsync("STOP", ct);
        var info = await source.CallAsync("""{"execute":"query-migrate"}""", ct);
        await QuitAsync(from, ct);
        return new TimedMove(
            began, resumed, BenchLab.NowMs, resumed - stopped, info.GetProperty("ram").GetProperty("transferred").GetInt64());
    }

    public Task PauseAsync(string host, CancellationToken ct) => _monitors[host].CallAsync("""{"execute":"stop"}""", ct);

    public Task UnpauseAsync(string host, CancellationToken ct) => _monitors[host].CallAsync("""{"execute":"cont"}""", ct);

    public Task StopAsync(CancellationToken ct) => QuitAsync(BenchLab.First, ct);

    private async Task QuitAsync(string host, CancellationToken ct)
    {
        using var monitor = _monitors[host];
        _monitors.Remove(host);
        await monitor.CallAsync("""{"execute":"quit"}""", ct);
    }

    private async Task LaunchAsync(string host, bool receiver, CancellationToken ct)
    {
        // One that ended may still be clearing away, so each has a socket of its own.
        var name = $"raw-{Guid.NewGuid():N}.qmp";
        string[] command =
        [
            "qemu-system-x86_64", "-nodefaults", "-no-user-config", "-display", "none", "-accel", "tcg",
            "-machine", "pc-q35-7.2", "-cpu", "Nehalem-v1",
            // As Godwit has it: with whole 256 KiB the emulator loses writes of a guest that moves, and is faster by that.
            "-m", $"size={BenchLab.Number(BenchLab.MemoryMiB * 1024 - 8)}K",
            "-kernel", BenchLab.Kernel, "-initrd", BenchLab.Ramdisk, "-append", "root=/dev/vda console=ttyS0",
            "-blockdev", $"driver=nbd,node-name=d0,server.type=inet,server.host={BenchLab.StorageAddress},server.port={_disk}",
            "-device", "virtio-blk-pci,drive=d0",
            "-netdev", "tap,id=n0,script=/etc/godwit/raw-up,downscript=no",
            "-device", $"virtio-net-pci,netdev=n0,mac={guest.Mac},romfile=",
            "-serial", "null", "-qmp", $"unix:/run/godwit/{name},server=on,wait=off",
            .. receiver ? ["-incoming", "defer"] : Array.Empty<string>(),
        ];
        await WriteScriptAsync(host, ct);
        await bench.StartAsync(host, ct, command);
        _monitors[host] = await Qmp.ConnectAsync(Path.Combine(bench.RunDirectory(host), name), ct);
    }

    /// <summary>Puts the tap on the bridge, as QEMU's own script would on a machine with a default bridge.</summary>
    private async Task WriteScriptAsync(string host, CancellationToken ct)
    {
        var path = Path.Combine(bench.Lab.Paths.Host(host, "etc"), "raw-up");
        if (File.Exists(path)) return;
        await File.WriteAllTextAsync(path, "#!/bin/sh\nexec ip link set \"$1\" master xenbr0 up\n", ct);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }
}
