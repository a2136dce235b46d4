namespace Godwit.Bench.Ways;

/// <summary>Bare QEMU over its own monitor: a receiver, `migrate tcp:`, and nothing else. Nobody checks, commits or fences.</summary>
internal sealed class RawQemu(BenchLab bench) : IWay
{
    private readonly Dictionary<string, Qmp> _monitors = [];
    private int _number;

    public string Name => "raw";

    public async Task StartAsync(CancellationToken ct)
    {
        await LaunchAsync("resource-1", incoming: false, ct);
        await _monitors["resource-1"].CallAsync("""{"execute":"cont"}""", ct);
    }

    public async Task<(double TotalMs, double DowntimeMs, long Bytes)> MoveAsync(string from, string to, CancellationToken ct)
    {
        var began = BenchLab.NowMs;
        await LaunchAsync(to, incoming: true, ct);
        var (source, destination) = (_monitors[from], _monitors[to]);
        const string capabilities = """{"execute":"migrate-set-capabilities","arguments":{"capabilities":[{"capability":"events","state":true},{"capability":"return-path","state":true},{"capability":"late-block-activate","state":true}]}}""";
        await destination.CallAsync(capabilities, ct);
        await destination.CallAsync("""{"execute":"migrate-incoming","arguments":{"uri":"tcp:0.0.0.0:4444"}}""", ct);
        await source.CallAsync(capabilities, ct);
        await source.CallAsync(
            $$"""{"execute":"migrate-set-parameters","arguments":{"downtime-limit":{{BenchLab.DowntimeLimitMs}},"max-bandwidth":0} }""", ct);
        source.EventMs.Clear();
        await source.CallAsync($$"""{"execute":"migrate","arguments":{"uri":"tcp:{{Address(to)}}:4444"} }""", ct);
        await source.WaitForAsync("MIGRATION/completed", ct);
        await destination.WaitForAsync("MIGRATION/completed", ct);
        await destination.CallAsync("""{"execute":"cont"}""", ct);
        var resumed = await destination.WaitForAsync("RESUME", ct);
        var info = await source.CallAsync("""{"execute":"query-migrate"}""", ct);
        var bytes = info.GetProperty("ram").GetProperty("transferred").GetInt64();
        var stopped = source.EventMs["STOP"];
        await source.CallAsync("""{"execute":"quit"}""", ct);
        source.Dispose();
        _monitors.Remove(from);
        return (resumed - began, resumed - stopped, bytes);
    }

    public async Task StopAsync(CancellationToken ct)
    {
        foreach (var monitor in _monitors.Values)
        {
            await monitor.CallAsync("""{"execute":"quit"}""", ct);
            monitor.Dispose();
        }
        _monitors.Clear();
    }

    private async Task LaunchAsync(string host, bool incoming, CancellationToken ct)
    {
        // The socket lies in the host's run directory, which is seen from outside as well.
        var name = $"raw{++_number}.qmp";
        string[] command =
        [
            "qemu-system-x86_64", "-nodefaults", "-no-user-config", "-display", "none", "-accel", "tcg", "-machine", "pc-q35-7.2",
            "-cpu", "Nehalem-v1", "-m", BenchLab.Number(BenchLab.MemoryMiB), "-S",
            "-kernel", bench.KernelPath, "-initrd", bench.RamdiskPath, "-append", "root=/dev/vda console=ttyS0",
            "-blockdev", $"driver=nbd,node-name=d0,server.type=inet,server.host={BenchLab.NbdHost},server.port={BenchLab.NbdPort}",
            "-device", "virtio-blk-pci,drive=d0",
            "-netdev", $"tap,id=n0,ifname=raw{_number},script=/bin/true,downscript=/bin/true", "-device", "virtio-net-pci,netdev=n0,mac=aa:cc:00:00:00:01,romfile=",
            "-serial", "null", "-qmp", $"unix:/run/godwit/{name},server=on,wait=off",
            .. incoming ? ["-incoming", "defer"] : Array.Empty<string>(),
        ];
        await bench.StartAsync(host, ct, command);
        _monitors[host] = await Qmp.ConnectAsync(bench.Lab.Paths.Host(host, "run") + "/" + name, ct);
        await bench.RunAsync(host, ct, "ip", "link", "set", $"raw{_number}", "master", "xenbr0", "up");
    }

    private static string Address(string host) => host == "resource-1" ? "10.9.0.11" : "10.9.0.12";
}
