using Godwit.Api;
using Godwit.Machines.Tests.Pool;

namespace Godwit.Machines.Tests;

/// <summary>
/// The article's own way: LVM on top of an exported disk, on the hosts. Two domains of one volume group run on two hosts, and one of them
/// moves to the other and back while both write.
/// </summary>
[Collection(PoolCollection.Name)]
public sealed class SharedGroupTests(PoolFixture pool)
{
    private const string Disk = PoolFixture.Group + "/san";
    private const string Group = "vg_san";

    [Fact]
    public async Task TwoDomainsOfOneGroupRunOnTwoHostsAndOneMoves()
    {
        var ct = TestContext.Current.CancellationToken;
        var (vm1, vm2) = (new WriterGuest(pool, "san1", 21, Group), new WriterGuest(pool, "san2", 22, Group));
        await Story.Out.StepAsync($"{Group}, a group on the exported volume {Disk}", async () =>
        {
            await pool.Storage.RunAsync($"godwit volume create {Disk} --size 700m", ct);
            await pool.Storage.RunAsync($"godwit volume group add {Group} --on {Disk}", ct);
        });
        await Story.Out.StepAsync("a domain of it on each of two hosts", async () =>
        {
            await vm1.CreateAsync(pool.First, ct);
            await vm2.CreateAsync(pool.Second, ct);
        });
        await AssertActiveAsync([vm1], [vm2], ct);
        await RefusedAsync($"godwit volume delete {vm1.Volume}", "is a disk of san1", ct);
        await RefusedAsync($"godwit volume delete {Disk}", $"The group {Group} lies on {Disk}", ct);
        await RefusedAsync($"godwit volume resize {vm1.Volume} --size 300m", "in use", ct);
        await RefusedAsync($"godwit volume clone {vm1.Volume} {PoolFixture.Group}/stolen", "in use by resource-1", ct);
        // Past LVM, on the disk itself: the volume of the other host, and the metadata. Of those that are served now: the kernel waits
        // minutes for one that was.
        var served = (await pool.Storage.RunAsync("ls /var/lib/godwit/storage/exports", ct)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.NotEmpty(served);
        foreach (var device in served)
        {
            var spoilt = await pool.First.TryRunAsync($"dd if=/dev/zero of=/dev/etherd/{device} bs=4k seek=1 count=1 oflag=direct conv=notrunc", ct);
            Assert.NotEqual(0, spoilt.ExitCode);
        }

        await using var one = await vm1.ConnectAsync(pool.First, ct);
        await using var two = await vm2.ConnectAsync(pool.Second, ct);
        await Story.Out.StepAsync("san1 moves to the host of san2", () => MoveAsync(pool.First, pool.Second, ct));
        await AssertActiveAsync([], [vm1, vm2], ct);
        await Story.Out.StepAsync("and back", () => MoveAsync(pool.Second, pool.First, ct));
        await AssertActiveAsync([vm1], [vm2], ct);
        await pool.Second.RunAsync("systemctl restart godwitd", ct);
        await pool.Second.WaitForDomainAsync("san2", domain => domain.State == DomainState.Running, "running on resource-2 again", ct);

        var written = (await one.StopAsync(), await two.StopAsync());
        var checks = (await vm1.ShutDownAsync(pool.First, written.Item1, ct), await vm2.ShutDownAsync(pool.Second, written.Item2, ct));
        Story.Out.Report($"{written.Item1.Acknowledged} and {written.Item2.Acknowledged} lines durable, {checks.Item1.WritesLost} and {checks.Item2.WritesLost} lost");
        foreach (var (figures, check) in new[] { (written.Item1, checks.Item1), (written.Item2, checks.Item2) })
        {
            Assert.True(figures.Unbroken, "the TCP connection to the writer broke");
            Assert.True(figures.Acknowledged > 20, $"the writer made only {figures.Acknowledged} lines durable");
            Assert.Equal(0, check.WritesLost);
            Assert.True(check.FilesystemClean, check.Complaints);
        }

        await AssertActiveAsync([], [], ct);
        await pool.Storage.RunAsync($"godwit volume resize {vm2.Volume} --size 300m", ct);
        await vm1.DeleteVolumeAsync(ct);
        await RefusedAsync($"godwit volume group remove {Group}", $"{vm2.Volume} is in the group {Group}", ct);
        await vm2.DeleteVolumeAsync(ct);
        await pool.Storage.RunAsync($"godwit volume group remove {Group}", ct);
        await pool.Storage.RunAsync($"godwit volume delete {Disk}", ct);
    }

    private static async Task MoveAsync(Machine from, Machine to, CancellationToken ct)
    {
        var result = (await from.MoveAsync("san1", to, ct)).Result!;
        Story.Out.Report($"    {result.TotalMilliseconds:F0} ms, downtime {result.DowntimeMilliseconds:F0} ms");
    }

    /// <summary>A volume is active on the host that runs its domain, and nowhere else.</summary>
    private async Task AssertActiveAsync(WriterGuest[] first, WriterGuest[] second, CancellationToken ct)
    {
        foreach (var (machine, guests) in new[] { (pool.First, first), (pool.Second, second) })
        {
            var active = await machine.RunAsync($"ls /dev/{Group} 2> /dev/null || true", ct);
            Assert.Equal(guests.Select(guest => "lv_" + guest.Name), active.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        }
    }

    private async Task RefusedAsync(string command, string why, CancellationToken ct)
    {
        var refused = await pool.Storage.TryRunAsync(command, ct);
        Assert.NotEqual(0, refused.ExitCode);
        Assert.Contains(why, refused.Error, StringComparison.Ordinal);
    }
}
