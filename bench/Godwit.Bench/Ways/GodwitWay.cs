using System.Text.Json;
using Godwit.Api;
using Godwit.Domains;

namespace Godwit.Bench.Ways;

/// <summary>Godwit as it ships: checks, TLS, commit and fence included.</summary>
internal sealed class GodwitWay(BenchLab bench, Guest guest) : IWay
{
    public Guest Guest => guest;

    public async Task StartAsync(CancellationToken ct)
    {
        var volume = await bench.MakeVolumeAsync(guest, ct);
        using var client = bench.Client(BenchLab.First);
        await client.CreateDomainAsync(new CreateDomainRequest
        {
            Spec = new DomainSpec
            {
                Name = guest.Name,
                MemoryMiB = BenchLab.MemoryMiB,
                MaxMemoryMiB = BenchLab.MemoryMiB,
                Kernel = BenchLab.Kernel,
                Ramdisk = BenchLab.Ramdisk,
                Root = "/dev/xvda",
                Disks = [new DiskSpec { Target = volume, Backend = DiskBackend.Block, VirtualDevice = "xvda" }],
                Interfaces = [new InterfaceSpec { Mac = MacAddress.Parse(guest.Mac) }],
            },
        }, ct);
    }

    public async Task<TimedMove> MoveAsync(string from, string to, CancellationToken ct)
    {
        var began = BenchLab.NowMs;
        var json = await bench.RunAsync(from, ct,
            "godwit", "migrate", "--live", guest.Name, to,
            "--downtime-limit", BenchLab.Number(bench.DowntimeLimitMs), "--json");
        var returned = BenchLab.NowMs;
        var info = JsonSerializer.Deserialize(json, GodwitJson.Default.MigrationInfo)!;
        // Its monitor belongs to the daemon, so RESUME is known from there: by the clock that all hosts share. The
        // command's end is an upper bound that nobody has to be believed for.
        var resumed = (info.Began - DateTimeOffset.UnixEpoch).TotalMilliseconds + info.Result!.TotalMilliseconds;
        return new TimedMove(began, resumed, returned, info.Result.DowntimeMilliseconds, info.Result.Bytes);
    }

    public Task PauseAsync(string host, CancellationToken ct) => DoAsync(host, DomainVerb.Pause, ct);

    public Task UnpauseAsync(string host, CancellationToken ct) => DoAsync(host, DomainVerb.Unpause, ct);

    public Task StopAsync(CancellationToken ct) => DoAsync(BenchLab.First, DomainVerb.Destroy, ct);

    private async Task DoAsync(string host, DomainVerb verb, CancellationToken ct)
    {
        using var client = bench.Client(host);
        await client.DoAsync(guest.Name, verb, ct);
    }
}
