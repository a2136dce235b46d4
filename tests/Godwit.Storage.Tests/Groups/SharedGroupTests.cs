using Godwit.Aoe.Control;
using Godwit.Domains;
using Godwit.Storage.Groups;

namespace Godwit.Storage.Tests.Groups;

/// <summary>Two hosts with a volume group in common, on a disk that a third one exports, and a fence for each of its volumes.</summary>
public sealed class SharedGroupTests(GroupMachines machines) : IClassFixture<GroupMachines>
{
    private const long MiB = 1 << 20;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static string Write(string path, char what, int blocks = 16) =>
        $"dd if=/dev/zero bs=64k count={blocks} 2> /dev/null | tr '\\0' {what} | dd of={path} bs=64k iflag=fullblock oflag=direct conv=notrunc 2> /dev/null";

    private static string Holds(string path, char what, int blocks = 16) =>
        $"dd if={path} bs=64k count={blocks} iflag=direct 2> /dev/null | tr -d {what} | wc -c | grep -qx 0 && dd if={path} bs=64k count=1 iflag=direct 2> /dev/null | head -c 1 | grep -q {what}";

    private static async Task RefusedAsync(string code, Func<Task> step)
    {
        var refused = await Assert.ThrowsAnyAsync<GodwitException>(step);
        Assert.Equal(code, refused.Code);
    }

    [Fact]
    public async Task Two_domains_of_one_group_run_on_two_hosts_and_move()
    {
        Assert.SkipUnless(GroupMachines.Possible, "needs root, QEMU and mmdebstrap");
        var (a, b) = (machines.First, machines.Second);
        var (atA, atB) = (await a.Group.EnterAsync(null, Ct), await b.Group.EnterAsync(null, Ct));
        await a.Volumes.InitializeAsync(atA, Ct);

        // Two hosts at once: one waits for the other's lock.
        var made = await Task.WhenAll(
            a.Volumes.CreateAsync(atA, "lv_vm1", 15 * MiB, a.ZeroAsync, Ct), b.Volumes.CreateAsync(atB, "lv_vm2", 16 * MiB, b.ZeroAsync, Ct));
        Assert.Equal((16 * MiB, 16 * MiB), (made[0].SizeBytes, made[1].SizeBytes));
        Assert.False(made[0].Sectors[0].Overlaps(made[1].Sectors[0]));
        await RefusedAsync(StorageErrors.VolumeExists, () => b.Volumes.CreateAsync(atB, "lv_vm1", 16 * MiB, b.ZeroAsync, Ct));
        foreach (var machine in new[] { a, b })
            Assert.False(await machine.SucceedsAsync("ls /dev/vg_san/lv_vm1 || ls /dev/vg_san/lv_vm2"));

        var one = await a.Activation.ActivateAsync(atA, "lv_vm1", Ct);
        var two = await b.Activation.ActivateAsync(atB, "lv_vm2", Ct);
        Assert.False(await a.SucceedsAsync(Write("/dev/vg_san/lv_vm1", 'x')));
        var epoch = await machines.DrawEpochAsync(Ct);
        (one, _) = await a.Activation.FenceAsync(one, epoch, Ct);
        (two, _) = await b.Activation.FenceAsync(two, await machines.DrawEpochAsync(Ct), Ct);
        await Task.WhenAll(a.ShAsync(Write("/dev/vg_san/lv_vm1", 'a', 256)), b.ShAsync(Write("/dev/vg_san/lv_vm2", 'b', 256)));

        // Not the other's volume, not the metadata, not what is free: past LVM, straight on the disk.
        foreach (var sector in new[] { made[1].Sectors[0].Start, 8, made[1].Sectors[0].End + 8192 })
            Assert.False(await a.SucceedsAsync($"dd if=/dev/zero of=/dev/etherd/e1.0 bs=512 seek={sector} count=8 oflag=direct conv=notrunc"), $"sector {sector}");
        Assert.False(await a.SucceedsAsync("lvcreate --devices /dev/etherd/e1.0 -y -L 8M -n rogue vg_san"));
        await RefusedAsync(StorageErrors.VolumeInUse, () => b.Volumes.RemoveAsync(atB, "lv_vm1", Ct));

        // vm1 moves while vm2 writes: prepared, fenced, and what the source still does is refused, and nothing else of it.
        await b.ShAsync($"rm -f /tmp/rc; (while [ ! -e /tmp/enough ]; do {Write("/dev/vg_san/lv_vm2", 'c', 256)} || break; done; [ -e /tmp/enough ]; echo $? > /tmp/rc) > /dev/null 2>&1 &");
        var there = await b.Activation.ActivateAsync(atB, "lv_vm1", Ct);
        Assert.False(await b.SucceedsAsync(Write("/dev/vg_san/lv_vm1", 'x')));
        await a.ShAsync(Write("/dev/vg_san/lv_vm1", 'd', 256));
        (there, var before) = await b.Activation.FenceAsync(there, await machines.DrawEpochAsync(Ct), Ct);
        Assert.Equal(epoch, before);
        Assert.False(await a.SucceedsAsync(Write("/dev/vg_san/lv_vm1", 'x')) || await a.SucceedsAsync("dd if=/dev/vg_san/lv_vm1 of=/dev/null bs=64k count=1 iflag=direct"));
        await RefusedAsync(FenceRefusal.StaleEpoch, () => a.Activation.FenceAsync(one, epoch, Ct));
        Assert.True(await b.SucceedsAsync(Holds("/dev/vg_san/lv_vm1", 'd', 256)));
        await b.ShAsync(Write("/dev/vg_san/lv_vm1", 'e', 256));
        Assert.Equal("0", await b.ShAsync("touch /tmp/enough; while [ ! -s /tmp/rc ]; do sleep 0.1; done; cat /tmp/rc"));
        await a.Activation.DeactivateAsync(one, Ct);
        Assert.False(await a.SucceedsAsync("ls /dev/vg_san/lv_vm1"));

        // And back, to a host whose session was superseded there.
        one = await a.Activation.ActivateAsync(atA, "lv_vm1", Ct);
        (one, _) = await a.Activation.FenceAsync(one, await machines.DrawEpochAsync(Ct), Ct);
        Assert.True(await a.SucceedsAsync(Holds("/dev/vg_san/lv_vm1", 'e', 256)));
        Assert.False(await b.SucceedsAsync(Write("/dev/vg_san/lv_vm1", 'x')));
        await b.Activation.DeactivateAsync(there, Ct);
        Assert.True(await b.SucceedsAsync(Holds("/dev/vg_san/lv_vm2", 'c', 256)));

        // Removed once nobody uses it; whoever gets its extents finds nothing of it there.
        await a.Activation.DeactivateAsync(one, Ct);
        await b.Volumes.RemoveAsync(atB, "lv_vm1", Ct);
        var again = await a.Volumes.CreateAsync(atA, "lv_vm3", 16 * MiB, a.ZeroAsync, Ct);
        Assert.Equal(made[0].Sectors, again.Sectors);
        var three = await b.Activation.ActivateAsync(atB, "lv_vm3", Ct);
        Assert.Equal("0", await b.ShAsync("tr -d '\\0' < /dev/vg_san/lv_vm3 | wc -c"));
        await b.Activation.DeactivateAsync(three, Ct);

        // A holder of the lock that is gone: it is taken from him, and what he still does spoils nothing.
        await ((IGroupEndpoints)a).FenceAsync(await machines.DrawEpochAsync(Ct), atA, [SharedGroup.Metadata], free: true, Ct);
        await b.Volumes.CreateAsync(atB, "lv_vm4", 8 * MiB, b.ZeroAsync, Ct);
        Assert.False(await a.SucceedsAsync("lvcreate --devices /dev/etherd/e1.0 -y -L 8M -n rogue vg_san"));
        await a.Volumes.CreateAsync(atA, "lv_vm5", 8 * MiB, a.ZeroAsync, Ct);
        Assert.Equal("lv_vm2 lv_vm3 lv_vm4 lv_vm5", await b.ShAsync("lvs --devices /dev/etherd/e1.0 --noheadings -o lv_name vg_san | tr -d ' ' | sort | tr '\\n' ' '"));
        await b.ShAsync("vgck --devices /dev/etherd/e1.0 vg_san");

        // Nothing is left on a host that leaves: the next device is read anew.
        await b.Activation.DeactivateAsync(two, Ct);
        await b.Group.LeaveAsync(Ct);
        Assert.DoesNotContain((await machines.Target.StatusAsync(Ct)).Readers, reader => reader.Host == "b");
        Assert.False(await b.SucceedsAsync("sleep 0.3; ls /dev/etherd/e1.0"));
        await a.Group.LeaveAsync(Ct);
    }
}
