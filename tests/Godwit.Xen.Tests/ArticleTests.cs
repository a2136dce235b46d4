using System.Globalization;
using Godwit.Api;
using Godwit.Lab;
using Godwit.Lab.Measure;
using Godwit.Machines;
using Godwit.Native.Processes;
using Godwit.Xen.Tests.Machines;
using Godwit.Xen.Tests.Pool;

namespace Godwit.Xen.Tests;

/// <summary>
/// The article from its first step to its last on real Xen, with a writer in the guest all the while; and what happens when
/// daemons, a receiver, or a whole machine die on the way. One story, since the machines take their time.
/// </summary>
public sealed class ArticleTests
{
    private const int GivenMiB = 100, MostMemoryKiB = 60 << 10;
    private static readonly TimeSpan s_watch = TimeSpan.FromSeconds(1);
    private readonly Transcript _transcript = new();

    [Fact]
    public async Task TheArticleStepByStep()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "machines need root, for their network");
        var ct = TestContext.Current.CancellationToken;
        await using var pool = await XenPool.BootAsync(_transcript, ct);
        await SharedDiskAsync(pool, ct);
        _transcript.Chapter("One pool");
        await pool.JoinAsync(_transcript, ct);
        var pvh = new PvhGuest(pool, _transcript);
        await pvh.CreateAsync(ct);
        _transcript.Chapter("An image on a volume of the pool");
        await pool.FillVolumeAsync(_transcript, ct);
        await CreateAsync(pool, ct);
        await pvh.MoveAsync(ct);
        await LogInAsync(pool, ct);
        await GrowAsync(pool, ct);
        await new MixedPool(pool, _transcript).RunAsync(ct);

        await using var writer = await ConnectAsync(pool, ct);
        using var pinger = Pinger.Start(pool.Outside, System.Net.IPAddress.Parse(XenPool.GuestAddress), XenPool.PingInterval);
        await GiveMemoryAsync(pool.First, ct);
        _transcript.Chapter("The domain moves");
        await MoveAsync(pool.First, pool.Second, pinger, ct);
        Assert.Equal(GivenMiB, await MemoryOfAsync(pool.Second, ct));
        await MoveAsync(pool.Second, pool.First, pinger, ct);
        await MoveAsync(pool.First, pool.Second, pinger, ct);
        await MoveAsync(pool.Second, pool.First, pinger, ct);
        await SaveAsync(pool.First, writer, ct);
        await MemoryAsync(pool, ct);

        var dying = new DyingParts(pool, writer, _transcript);
        await dying.ReceiverInMidStreamAsync(ct);
        await dying.SourceDaemonBeforeCommitAsync(ct);
        await dying.SourceDaemonAfterCommitAsync(ct);

        _transcript.Chapter("The power of the first host is pulled");
        await pool.First.PullPowerAsync();
        await Task.Delay(s_watch, ct);
        var told = writer.Figures.Last;
        await _transcript.TypeAsync(pool.Storage, $"ping -c 3 {XenPool.GuestAddress}", ct);
        await _transcript.TypeAsync(pool.Storage, "xm list", ct);
        Assert.True(writer.Figures.Last > told, "the writer did not go on after the power of the other host was pulled");

        await EndAsync(pool, writer, ct);
        await pinger.StopAsync(ct);
        await _transcript.WriteAsync(ct);
    }

    /// <summary>The article's storage: a disk over Ethernet, LVM on it, and both hosts see the volume.</summary>
    private async Task SharedDiskAsync(XenPool pool, CancellationToken ct)
    {
        _transcript.Chapter("Shared storage", "An LVM volume of the storage host is served over Ethernet; the two others see it as their own disk.");
        await _transcript.TypeAsync(pool.Storage, "pvcreate -q /dev/vdd && vgcreate -q vg_disks /dev/vdd && lvcreate -q -L 300m -n shared vg_disks", ct);
        await _transcript.TypeAsync(pool.Storage,
            "godwit-aoe export /dev/vg_disks/shared --shelf 9 --slot 0 --interface eth1 --state /run/shared.state > /run/shared.log 2>&1 & sleep 2; cat /run/shared.log", ct);
        await XenPool.WaitAsync(pool.Storage, "grep e9.0 /run/shared.log", _ => true, "the export", ct);
        await _transcript.TypeAsync(pool.First, "modprobe aoe; aoe-discover; sleep 1; aoe-stat", ct);
        await SeesDiskAsync(pool.First);
        await _transcript.TypeAsync(pool.First, "pvcreate -q /dev/etherd/e9.0 && vgcreate -q vg_xen /dev/etherd/e9.0 && lvcreate -q -L 100m -n lv_test vg_xen && vgchange -q -a n vg_xen", ct);
        await SeesDiskAsync(pool.Second);
        await _transcript.TypeAsync(pool.Second, "aoe-discover; sleep 1; vgchange -q -a y vg_xen && lvs --noheadings vg_xen", ct);
        await pool.Second.RunAsync("vgchange -q -a n vg_xen", ct);

        // The driver asks once, and a machine may be too slow for the answer.
        Task<string> SeesDiskAsync(XenMachine machine) =>
            XenPool.WaitAsync(machine, "[ -b /dev/etherd/e9.0 ] || { aoe-discover; sleep 1; [ -b /dev/etherd/e9.0 ]; }", _ => true, "the disk", ct);
    }

    private async Task CreateAsync(XenPool pool, CancellationToken ct)
    {
        _transcript.Chapter("The domain");
        await _transcript.TypeAsync(pool.First, $"cat > /root/vm1 << 'END'\n{XenPool.Configuration()}\nEND", ct);
        await _transcript.TypeAsync(pool.First, "xm create /root/vm1", ct);
    }

    private async Task LogInAsync(XenPool pool, CancellationToken ct)
    {
        _transcript.Chapter("A login on the console");
        await XenPool.SaysAsync(pool.First, "vm1", "vm1 login:", ct);
        // Each word when it is asked for: the machines may be slow.
        var session = await _transcript.TypeAsync(pool.First,
            $"""
            mkfifo /run/keys; timeout 120 godwit console vm1 < /run/keys > /run/screen & exec 9> /run/keys
            echo root >&9; until grep -q Password: /run/screen; do sleep 0.5; done; sleep 1
            echo {XenPool.Password} >&9; until tail -n 1 /run/screen | grep -q '# '; do sleep 0.5; done
            echo 'echo 400 > /etc/godwit-writer' >&9 # Milliseconds: the writer is to leave the machines some time.
            echo 'uname -n; cat /sys/hypervisor/type' >&9; until grep -q ^xen /run/screen; do sleep 0.5; done
            exec 9>&-; wait; tail -n 4 /run/screen
            """, ct);
        Assert.Contains("xen", session, StringComparison.Ordinal);
        var list = await _transcript.TypeAsync(pool.First, "xm list", ct);
        Assert.Contains("Domain-0", list, StringComparison.Ordinal);
        Assert.Contains("vm1", list, StringComparison.Ordinal);
        await _transcript.TypeAsync(pool.First, "xl list", ct);
        await _transcript.TypeAsync(pool.Storage, $"ping -c 3 {XenPool.GuestAddress}", ct);
    }

    private async Task GrowAsync(XenPool pool, CancellationToken ct)
    {
        _transcript.Chapter("The volume grows", "The guest sees it while it runs: 220 MiB are 450560 sectors.");
        await _transcript.TypeAsync(pool.Storage, $"godwit volume resize {XenPool.Volume} -L 220m", ct);
        var seen = await _transcript.TypeAsync(
            pool.First,
            """
            mkfifo /run/sizes; timeout 60 godwit console vm1 < /run/sizes > /run/seen & exec 9> /run/sizes
            for try in $(seq 20); do echo 'cat /sys/block/xvda/size' >&9; sleep 1; ! grep -q ^450560 /run/seen || break; done
            exec 9>&-; wait; tail -n 3 /run/seen
            """, ct);
        Assert.Contains("450560", seen, StringComparison.Ordinal);
    }

    private async Task GiveMemoryAsync(XenMachine host, CancellationToken ct)
    {
        _transcript.Chapter("The domain gets more memory", "While it runs, up to its maxmem; its balloon takes a moment. It takes along what it has.");
        await _transcript.TypeAsync(host, string.Create(CultureInfo.InvariantCulture, $"xm mem-set vm1 {GivenMiB}"), ct);
        await XenPool.WaitAsync(host, "xl list vm1", list => list.Contains(string.Create(CultureInfo.InvariantCulture, $" {GivenMiB} "), StringComparison.Ordinal), "the memory", ct);
        await _transcript.TypeAsync(host, "xm list", ct);
        var (code, refusal) = await _transcript.TryTypeAsync(host, "xm mem-set vm1 4g", ct);
        Assert.NotEqual(0, code);
        Assert.Contains("maxmem = 4096", refusal, StringComparison.Ordinal);
    }

    private static async Task<int> MemoryOfAsync(XenMachine host, CancellationToken ct) =>
        int.Parse(await host.RunAsync("xl list vm1 | awk 'END { print $3 }'", ct), CultureInfo.InvariantCulture);

    private async Task MoveAsync(XenMachine from, XenMachine to, Pinger pinger, CancellationToken ct)
    {
        var began = PingLog.Now;
        var result = await _transcript.MigrateAsync("vm1", from, to, ct);
        await Task.Delay(s_watch, ct);
        var ended = PingLog.Now;
        var pings = pinger.Log.Window(began, ended);
        _transcript.Say(string.Create(CultureInfo.InvariantCulture,
            $"Moved in {result.TotalMilliseconds / 1000:F1} s, downtime {result.DowntimeMilliseconds:F0} ms, {result.Rounds} rounds, {result.Bytes >> 20} MiB; longest silence of the pings {pings.LongestGapMs:F0} ms."));
        Assert.DoesNotContain("vm1", await _transcript.TypeAsync(from, "xl list", ct), StringComparison.Ordinal);
        Assert.Contains("vm1", await _transcript.TypeAsync(to, "xl list", ct), StringComparison.Ordinal);
    }

    private async Task SaveAsync(XenMachine host, WriterConnection writer, CancellationToken ct)
    {
        _transcript.Chapter("The domain is put aside", "Its memory lies in a file of the host meanwhile; connections to it outlast that.");
        await _transcript.TypeAsync(host, "xm save vm1", ct);
        Assert.DoesNotContain("vm1", await _transcript.TypeAsync(host, "xl list", ct), StringComparison.Ordinal);
        await _transcript.TypeAsync(host, "godwit list", ct);
        Assert.Equal(DomainState.Saved, Assert.Single(await XenPool.DomainsAsync(host, ct)).State);
        var told = writer.Figures.Last;
        await _transcript.TypeAsync(host, "xm restore vm1", ct);
        await _transcript.TypeAsync(host, "xl list", ct);
        for (var i = 0; writer.Figures.Last == told; i++)
        {
            Assert.True(i < 600, "the writer does not go on after the restore");
            await Task.Delay(100, ct);
        }
    }

    /// <summary>After four moves, and while vm1 runs: what Godwit's programs take of a domain 0.</summary>
    private async Task MemoryAsync(XenPool pool, CancellationToken ct)
    {
        _transcript.Chapter("Memory in domain 0", "Of 320 MB, after the moves: the proportional share of each of Godwit's programs, in KiB.");
        foreach (var host in (XenMachine[])[pool.First, pool.Second])
        {
            var output = await _transcript.TypeAsync(
                host, "for p in $(pgrep -x 'godwitd|godwit-aoe'); do echo $(cat /proc/$p/comm) $(awk '/^Pss:/ { print $2 }' /proc/$p/smaps_rollup); done", ct);
            var kibibytes = output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Sum(line => int.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture));
            Assert.InRange(kibibytes, 1, MostMemoryKiB);
        }
    }

    private async Task EndAsync(XenPool pool, WriterConnection writer, CancellationToken ct)
    {
        _transcript.Chapter("What is on the volume");
        var written = await writer.StopAsync();
        await _transcript.TypeAsync(pool.Second, "xm shutdown vm1", ct);
        await XenPool.WaitAsync(pool.Second, "xl list", output => !output.Contains("vm1", StringComparison.Ordinal), "the end of vm1", ct);
        const string file = "/var/lib/godwit/volumes/vg_xen/lv_vm1";
        var (code, output) = await pool.Storage.TryRunAsync($"e2fsck -f -n {file}", ct);
        var log = await pool.Storage.RunAsync($"debugfs -R 'cat {LabGuest.WriterLog}' {file} 2> /dev/null", ct);
        var check = VolumeCheck.Of(new ProgramResult(code, output, ""), log, written);
        _transcript.Say(string.Create(CultureInfo.InvariantCulture,
            $"{written.Acknowledged} lines were written with fsync and acknowledged, {check.WritesLost} of them are lost; the file system is {(check.FilesystemClean ? "clean" : "not clean")}."));
        Assert.True(written.Unbroken, "the connection to the writer broke");
        Assert.True(written.Acknowledged > 50, $"the writer made only {written.Acknowledged} lines durable");
        Assert.Equal(0, check.WritesLost);
        Assert.True(check.FilesystemClean, check.Complaints);
    }

    private static async Task<WriterConnection> ConnectAsync(XenPool pool, CancellationToken ct)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                return await WriterConnection.OpenAsync(pool.Outside, System.Net.IPAddress.Parse(XenPool.GuestAddress), ct);
            }
            catch (System.Net.Sockets.SocketException) when (attempt < 60)
            {
                await Task.Delay(1000, ct);
            }
        }
    }
}
