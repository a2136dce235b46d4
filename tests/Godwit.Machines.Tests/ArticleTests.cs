using System.Globalization;
using Godwit.Api;
using Godwit.Lab.Measure;
using Godwit.Machines.Tests.Pool;

namespace Godwit.Machines.Tests;

/// <summary>
/// The article from its first step to its last, on machines that know nothing of this source tree: docs/real-hosts.md is this, written for a
/// person.
/// </summary>
[Collection(PoolCollection.Name)]
public sealed class ArticleTests(PoolFixture pool)
{
    /// <summary>How long is watched before the first move, and after each.</summary>
    private static readonly TimeSpan s_watch = TimeSpan.FromSeconds(2);

    [Fact]
    public async Task ADomainUnderRealKvmMovesThereAndBackAndOutlivesItsDaemonAndItsPackage()
    {
        var ct = TestContext.Current.CancellationToken;
        var guest = new WriterGuest(pool, "vm1", 1);
        await Story.Out.StepAsync("vm1 boots on resource-1", () => guest.CreateAsync(pool.First, ct));
        await AssertRealPartsAsync(guest, ct);

        await using var writer = await guest.ConnectAsync(pool.First, ct);
        using var pinger = guest.Ping();
        await Task.Delay(s_watch, ct);

        List<Move> moves =
        [
            await MoveAsync(guest, pinger, pool.First, pool.Second, ct),
            await MoveAsync(guest, pinger, pool.Second, pool.First, ct),
        ];
        await Story.Out.StepAsync("godwitd restarts under it", () => LivesOnAsync(guest, "systemctl restart godwitd", ct));
        await Story.Out.StepAsync("the package is removed under it, and comes back", async () =>
        {
            await LivesOnAsync(guest, "apt-get remove -q -y godwit", ct);
            await LivesOnAsync(guest, "apt-get install -q -y " + PoolFixture.PackageThere, ct);
        });
        moves.Add(await MoveAsync(guest, pinger, pool.First, pool.Second, ct));

        var written = await writer.StopAsync();
        await pinger.StopAsync(ct);
        var check = await guest.ShutDownAsync(pool.Second, written, ct);
        var pings = pinger.Log.Total();
        Story.Out.Report($"{pings.Sent} pings, {pings.Lost} without an answer within {PingLog.Patience.TotalSeconds} s, "
            + $"{pinger.Log.Unanswered(long.MinValue, long.MaxValue)} without any; {written.Acknowledged} lines durable, {check.WritesLost} lost");
        Assert.All(moves, move => AssertNoneDropped(pinger.Log, move));
        Assert.True(written.Unbroken, "the TCP connection to the writer broke");
        Assert.True(written.Acknowledged > 50, $"the writer made only {written.Acknowledged} lines durable");
        Assert.Equal(0, check.WritesLost);
        Assert.True(check.FilesystemClean, check.Complaints);
        await guest.DeleteVolumeAsync(ct);
    }

    /// <summary>Not only what Godwit says: the guest's engine holds a virtual machine of KVM's, and a disk of the kernel's aoe driver.</summary>
    private async Task AssertRealPartsAsync(WriterGuest guest, CancellationToken ct)
    {
        var domain = (await pool.First.DomainsAsync(ct)).Single(d => d.Name == guest.Name);
        Assert.Equal(("resource-1", DomainState.Running, "kvm"), (domain.Host, domain.State, domain.Accelerator));
        var descriptors = await pool.First.RunAsync($"ls -l /proc/{domain.ProcessId}/fd", ct);
        Assert.Contains("kvm-vm", descriptors, StringComparison.Ordinal);
        Assert.Contains("/dev/etherd/e", descriptors, StringComparison.Ordinal);
    }

    private static async Task<Move> MoveAsync(WriterGuest guest, Pinger pinger, Machine from, Machine to, CancellationToken ct)
    {
        var began = PingLog.Now;
        var move = await from.MoveAsync(guest.Name, to, ct);
        await Task.Delay(s_watch, ct);
        var ended = PingLog.Now;
        var result = move.Result!;
        Assert.Equal((from.Name, to.Name), (move.From, move.To));
        var pings = pinger.Log.Window(began, ended);
        Story.Out.Report(string.Create(CultureInfo.InvariantCulture,
            $"{guest.Name} moved from {from.Name} to {to.Name}: {result.TotalMilliseconds:F0} ms, downtime {result.DowntimeMilliseconds:F0} ms, {result.Rounds} rounds, {result.Bytes >> 20} MiB; longest silence {pings.LongestGapMs:F0} ms"));
        return new Move(result.DowntimeMilliseconds, began, ended);
    }

    /// <summary>
    /// As many may be dropped as fall into the downtime, and one on its edge. Late ones are no loss here: all machines together have two
    /// processors.
    /// </summary>
    private static void AssertNoneDropped(PingLog log, Move move)
    {
        var allowed = (int)(move.DowntimeMs / Pinger.Interval.TotalMilliseconds) + 1;
        Assert.InRange(log.Unanswered(move.Began, move.Ended), 0, allowed);
    }

    /// <param name="Began">By the clock of <see cref="PingLog"/>, as the end.</param>
    private sealed record Move(double DowntimeMs, long Began, long Ended);

    /// <summary>The same process of the guest's runs on, whatever the command did.</summary>
    private async Task LivesOnAsync(WriterGuest guest, string command, CancellationToken ct)
    {
        // Not by the program's name: a daemon that starts asks an engine of its own what it can do.
        var engine = $"pgrep -f '[g]uest={guest.Name},'";
        var before = await pool.First.RunAsync(engine, ct);
        await pool.First.RunAsync(command, ct);
        Assert.Equal(before, await pool.First.RunAsync(engine, ct));
        if ((await pool.First.TryRunAsync("command -v godwit", ct)).Succeeded)
            await pool.First.WaitForDomainAsync(guest.Name, d => d.State == DomainState.Running && d.Host == "resource-1", "running on resource-1 again", ct);
    }
}
