using Godwit.Api;
using Godwit.Domains;

namespace Godwit.Bench.Ways;

/// <summary>Godwit as it ships: checks, TLS, commit and fence included; timed around its command.</summary>
internal sealed class GodwitWay(BenchLab bench, string volume) : IWay
{
    public string Name => "godwit";

    public async Task StartAsync(CancellationToken ct)
    {
        using var client = bench.Client("resource-1");
        await client.CreateDomainAsync(new CreateDomainRequest { Spec = Spec() }, ct);
    }

    public async Task<(double TotalMs, double DowntimeMs, long Bytes)> MoveAsync(string from, string to, CancellationToken ct)
    {
        var began = BenchLab.NowMs;
        var move = bench.RunAsync(from, ct, "godwit", "migrate", "--live", "vm1", to, "--downtime-limit", BenchLab.Number(BenchLab.DowntimeLimitMs));
        await move;
        using var client = bench.Client(from);
        var info = (await client.ListMigrationsAsync(ct)).Where(m => m.From == from).MaxBy(m => m.Began)!;
        var result = info.Result!;
        // To the guest running on the other side, as with the others: the command itself returns a little later.
        var resumed = (info.Began - DateTimeOffset.UnixEpoch).TotalMilliseconds + result.TotalMilliseconds;
        return (resumed - began, result.DowntimeMilliseconds, result.Bytes);
    }

    public async Task StopAsync(CancellationToken ct) => await bench.RunAsync("resource-1", ct, "godwit", "destroy", "vm1");

    private DomainSpec Spec() => new()
    {
        Name = "vm1",
        MemoryMiB = BenchLab.MemoryMiB,
        MaxMemoryMiB = BenchLab.MemoryMiB,
        Kernel = bench.KernelPath,
        Ramdisk = bench.RamdiskPath,
        Root = "/dev/xvda",
        Disks = [new DiskSpec { Target = volume, Backend = DiskBackend.Block, VirtualDevice = "xvda" }],
        Interfaces = [new InterfaceSpec { Mac = MacAddress.Parse("aa:cc:00:00:00:01") }],
    };
}
