using System.Diagnostics;
using System.Globalization;
using System.Net;
using Godwit.Lab.Measure;
using Godwit.Xen.Tests.Machines;
using Godwit.Xen.Tests.Pool;

namespace Godwit.Xen.Tests;

/// <summary>
/// <c>bench/xen</c>: the same guest moved by <c>xl migrate</c> over ssh, by <c>xl migrate</c> over socat with large blocks, and
/// by Godwit, on the same two hosts, one way after the other. Xen's own domain has Xen's own hotplug scripts, as anybody has who uses xl.
/// </summary>
public sealed class MigrationBench
{
    private const string Disk = "/dev/etherd/e9.0";
    private static readonly TimeSpan s_settles = TimeSpan.FromSeconds(3);
    private readonly Transcript _transcript = new();

    [Fact(Explicit = true)]
    public async Task XlOverSshXlOverSocatAndGodwit()
    {
        var ct = TestContext.Current.CancellationToken;
        var runs = int.Parse(Environment.GetEnvironmentVariable("XEN_BENCH_RUNS") ?? "5", CultureInfo.InvariantCulture);
        await using var pool = await XenPool.BootAsync(_transcript, ct);
        await pool.JoinAsync(_transcript, ct);
        await pool.FillVolumeAsync(_transcript, ct);
        await pool.Storage.RunAsync(
            "cp --sparse=always /guest/root.ext4 /var/lib/raw.img; (setsid godwit-aoe export /var/lib/raw.img --shelf 9 --slot 0 --interface eth1 --state /run/raw.state > /run/raw.log 2>&1 < /dev/null &) ; sleep 2", ct);
        foreach (var host in (XenMachine[])[pool.First, pool.Second]) await host.RunAsync("aoe-discover; sleep 1; ls " + Disk, ct);

        var ssh = await OfXlAsync(pool, (_, to) => $"xl migrate vm1 {to.Spec.Address}", runs, ct);
        var socat = await OfXlAsync(pool, (from, to) => $"xl migrate -s '' vm1 'socat -b 262144 - TCP:{to.Spec.Address}:9000'", runs, ct,
            "socat -b 262144 TCP-LISTEN:9000,reuseaddr EXEC:'xl migrate-receive'");
        var godwit = await OfGodwitAsync(pool, runs, ct);

        _transcript.Report("medians of " + runs.ToString(CultureInfo.InvariantCulture));
        foreach (var (name, rows) in new[] { ("xl over ssh", ssh), ("xl over socat", socat), ("godwit", godwit) })
            _transcript.Report(string.Create(CultureInfo.InvariantCulture, $"{name,-14} total {Median(rows.Select(r => r.Seconds)),6:F2} s   longest gap {Median(rows.Select(r => r.GapMs)),7:F0} ms"));
        _transcript.Report(string.Create(CultureInfo.InvariantCulture,
            $"godwit to ssh, total: {Median(godwit.Select(r => r.Seconds)) / Median(ssh.Select(r => r.Seconds)):F2} (to reach 0.60); gap to the shorter of the two: {Median(godwit.Select(r => r.GapMs)) / Math.Min(Median(ssh.Select(r => r.GapMs)), Median(socat.Select(r => r.GapMs))):F2} (to reach 1.10)"));
    }

    private async Task<List<(double Seconds, double GapMs)>> OfXlAsync(
        XenPool pool, Func<XenMachine, XenMachine, string> command, int runs, CancellationToken ct, string? listener = null)
    {
        await pool.First.RunAsync(
            $"""
            cat > /root/raw.cfg << 'END'
            name = "vm1"
            type = "pv"
            memory = 96
            kernel = "/guest/vmlinux"
            ramdisk = "/guest/initrd"
            cmdline = "root=/dev/xvda console=hvc0"
            vif = [ "mac=aa:cc:00:00:00:01,bridge=xenbr0" ]
            disk = [ "phy:{Disk},xvda,w" ]
            END
            xl create -q /root/raw.cfg
            """, ct);
        var rows = await MeasureAsync(pool, async (from, to) =>
        {
            if (listener is not null) await to.RunAsync($"(setsid {listener} > /run/listener.log 2>&1 < /dev/null &); sleep 1", ct);
            await from.RunAsync(command(from, to) + " > /run/migrate.log 2>&1 || { cat /run/migrate.log; exit 1; }", ct, 300);
        }, runs, ct);
        await (runs % 2 == 0 ? pool.First : pool.Second).RunAsync("xl destroy vm1", ct);
        return rows;
    }

    private async Task<List<(double Seconds, double GapMs)>> OfGodwitAsync(XenPool pool, int runs, CancellationToken ct)
    {
        await pool.First.RunAsync($"cat > /root/vm1 << 'END'\n{XenPool.Configuration()}\nEND\ngodwit create /root/vm1", ct);
        return await MeasureAsync(pool, (from, to) => from.RunAsync($"godwit migrate --live vm1 {to.Name}", ct, 300), runs, ct);
    }

    private async Task<List<(double Seconds, double GapMs)>> MeasureAsync(XenPool pool, Func<XenMachine, XenMachine, Task> move, int runs, CancellationToken ct)
    {
        await XenPool.WaitAsync(pool.Storage, $"ping -c 1 -W 1 {XenPool.GuestAddress}", _ => true, "a guest that answers", ct);
        using var pinger = Pinger.Start(pool.Outside, IPAddress.Parse(XenPool.GuestAddress), XenPool.PingInterval);
        var rows = new List<(double, double)>();
        for (var i = 0; i < runs; i++)
        {
            var (from, to) = i % 2 == 0 ? (pool.First, pool.Second) : (pool.Second, pool.First);
            await Task.Delay(s_settles, ct);
            var (began, watch) = (PingLog.Now, Stopwatch.StartNew());
            await move(from, to);
            var seconds = watch.Elapsed.TotalSeconds;
            await Task.Delay(s_settles + PingLog.Patience, ct);
            var gap = pinger.Log.Window(began, PingLog.Now).LongestGapMs;
            rows.Add((seconds, gap));
            _transcript.Report(string.Create(CultureInfo.InvariantCulture, $"{from.Name} to {to.Name}: {seconds:F2} s, longest gap {gap:F0} ms"));
        }
        await pinger.StopAsync(ct);
        return rows;
    }

    private static double Median(IEnumerable<double> values) => values.Order().ToArray() is var sorted && sorted.Length % 2 == 1
        ? sorted[sorted.Length / 2]
        : (sorted[sorted.Length / 2 - 1] + sorted[sorted.Length / 2]) / 2;
}
