using System.Globalization;
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
        await a.MakeAsync();
        await b.MakeAsync();

        // Two hosts at once: one waits for the other's lock.
        var made = await Task.WhenAll(a.CreateAsync("lv_vm1", 15 * MiB), b.CreateAsync("lv_vm2", 16 * MiB));
        Assert.Equal((16 * MiB, 16 * MiB), (made[0].SizeBytes, made[1].SizeBytes));
        Assert.False(made[0].Sectors[0].Overlaps(made[1].Sectors[0]));
        await RefusedAsync(StorageErrors.VolumeExists, () => b.CreateAsync("lv_vm1", 16 * MiB));
        await RefusedAsync(StorageErrors.NoSpace, () => b.CreateAsync("lv_fat", 1024 * MiB));
        foreach (var machine in new[] { a, b })
            Assert.False(await machine.SucceedsAsync("ls /dev/vg_san/lv_vm1 || ls /dev/vg_san/lv_vm2"));

        var one = await a.AttachAsync("vm1", "lv_vm1", Ct);
        var two = await b.AttachAsync("vm2", "lv_vm2", Ct);
        Assert.Equal("/dev/vg_san/lv_vm1", one.Path);
        await RefusedAsync(StorageErrors.AlreadyAttached, () => a.AttachAsync("vm1", "lv_vm1", Ct));
        Assert.False(await a.SucceedsAsync(Write("/dev/vg_san/lv_vm1", 'x')));
        var epoch = await machines.DrawEpochAsync(Ct);
        await a.Disks.FenceAsync(one, epoch, Ct);
        await b.Disks.FenceAsync(two, await machines.DrawEpochAsync(Ct), Ct);
        await Task.WhenAll(a.ShAsync(Write("/dev/vg_san/lv_vm1", 'a', 256)), b.ShAsync(Write("/dev/vg_san/lv_vm2", 'b', 256)));

        // Not the other's volume, not the metadata, not what is free: past LVM, straight on the disk.
        foreach (var sector in new[] { made[1].Sectors[0].Start, 8, made.Max(volume => volume.Sectors[0].End) + 8192 })
            Assert.False(await a.SucceedsAsync($"dd if=/dev/zero of=/dev/etherd/e1.0 bs=512 seek={sector} count=8 oflag=direct conv=notrunc"), $"sector {sector}");
        Assert.False(await a.SucceedsAsync("lvcreate --devices /dev/etherd/e1.0 -y -L 8M -n rogue vg_san"));
        await RefusedAsync(StorageErrors.VolumeInUse, () => b.RemoveAsync("lv_vm1"));
        await RefusedAsync(StorageErrors.VolumeInUse, () => b.ResizeAsync("lv_vm1", 32 * MiB));
        await RefusedAsync(StorageErrors.VolumeInUse, () => a.Disks.GrowAsync(one, 32 * MiB, Ct));

        // vm1 moves while vm2 writes: prepared, fenced, and what the source still does is refused, and nothing else of it.
        await b.ShAsync($"rm -f /tmp/rc; (while [ ! -e /tmp/enough ]; do {Write("/dev/vg_san/lv_vm2", 'c', 256)} || break; done; [ -e /tmp/enough ]; echo $? > /tmp/rc) > /dev/null 2>&1 &");
        var there = await b.AttachAsync("vm1", "lv_vm1", Ct);
        Assert.False(await b.SucceedsAsync(Write("/dev/vg_san/lv_vm1", 'x')));
        await a.ShAsync(Write("/dev/vg_san/lv_vm1", 'd', 256));
        Assert.Equal(epoch, await b.Disks.FenceAsync(there, await machines.DrawEpochAsync(Ct), Ct));
        Assert.False(await a.SucceedsAsync(Write("/dev/vg_san/lv_vm1", 'x')) || await a.SucceedsAsync("dd if=/dev/vg_san/lv_vm1 of=/dev/null bs=64k count=1 iflag=direct"));
        await RefusedAsync(FenceRefusal.StaleEpoch, () => a.Disks.FenceAsync(one, epoch, Ct));
        Assert.True(await b.SucceedsAsync(Holds("/dev/vg_san/lv_vm1", 'd', 256)));
        await b.ShAsync(Write("/dev/vg_san/lv_vm1", 'e', 256));
        Assert.Equal("0", await b.ShAsync("touch /tmp/enough; while [ ! -s /tmp/rc ]; do sleep 0.1; done; cat /tmp/rc"));

        // A daemon that starts anew knows what is attached; the source lets go, and of the group too.
        Assert.Equal(["vm1", "vm2"], b.Disks.Find().Select(disk => disk.Domain).Order());
        await a.Disks.DetachAsync(one, Ct);
        await a.Disks.DetachAsync(one, Ct);
        Assert.Empty(a.Disks.Find());
        Assert.False(await a.SucceedsAsync("ls /dev/vg_san/lv_vm1 || ls /dev/etherd/e1.0"));

        // And back, while the former writer there goes on with the other volume: superseded in one, and not in the other.
        one = await a.AttachAsync("vm1", "lv_vm1", Ct);
        await a.Disks.FenceAsync(one, await machines.DrawEpochAsync(Ct), Ct);
        Assert.True(await a.SucceedsAsync(Holds("/dev/vg_san/lv_vm1", 'e', 256)));
        Assert.False(await b.SucceedsAsync(Write("/dev/vg_san/lv_vm1", 'x')));
        await b.ShAsync(Write("/dev/vg_san/lv_vm2", 'f', 256));
        await b.Disks.ProbeAsync(two, Ct);

        // Taken back by the host that was superseded, as after a move that the destination gave back.
        there = await b.Disks.ReadmitAsync(there, Ct);
        await b.Disks.FenceAsync(there, await machines.DrawEpochAsync(Ct), Ct);
        await b.ShAsync(Write("/dev/vg_san/lv_vm1", 'g', 256));
        await b.Disks.DetachAsync(there, Ct);
        Assert.True(await b.SucceedsAsync(Holds("/dev/vg_san/lv_vm2", 'f', 256)));
        await a.Disks.DetachAsync(one, Ct);

        // Larger while nobody uses it; what it held stays.
        await a.ResizeAsync("lv_vm1", 32 * MiB);
        one = await b.AttachAsync("vm1", "lv_vm1", Ct);
        await b.Disks.FenceAsync(one, await machines.DrawEpochAsync(Ct), Ct);
        Assert.Equal((32 * MiB).ToString(CultureInfo.InvariantCulture), await b.ShAsync("blockdev --getsize64 /dev/vg_san/lv_vm1"));
        Assert.True(await b.SucceedsAsync(Holds("/dev/vg_san/lv_vm1", 'g', 256)));
        await b.Disks.DetachAsync(one, Ct);

        // Removed once nobody uses it; whoever gets its extents finds nothing of it there.
        await b.RemoveAsync("lv_vm1");
        await b.RemoveAsync("lv_vm1");
        var again = await a.CreateAsync("lv_vm3", 16 * MiB);
        Assert.Equal(made[0].Sectors, again.Sectors);
        var three = await a.AttachAsync("vm3", "lv_vm3", Ct);
        Assert.Equal("0", await a.ShAsync("tr -d '\\0' < /dev/vg_san/lv_vm3 | wc -c"));
        await a.Disks.DetachAsync(three, Ct);

        // A holder of the lock that is gone: it is taken from him, and what he still does spoils nothing.
        var held = await a.AttachAsync("vm3", "lv_vm3", Ct);
        await ((IGroupEndpoints)a).FenceAsync(await machines.DrawEpochAsync(Ct), held.Session, [SharedGroup.Metadata], free: true, Ct);
        await b.CreateAsync("lv_vm4", 8 * MiB);
        Assert.False(await a.SucceedsAsync("lvcreate --devices /dev/etherd/e1.0 -y -L 8M -n rogue vg_san"));
        await a.CreateAsync("lv_vm5", 8 * MiB);
        Assert.Equal("lv_vm2 lv_vm3 lv_vm4 lv_vm5", string.Join(' ', machines.Layout.Select(volume => volume.Name).Order()));
        Assert.Equal("lv_vm2 lv_vm3 lv_vm4 lv_vm5", await b.ShAsync("lvs --devices /dev/etherd/e1.0 --noheadings -o lv_name vg_san | tr -d ' ' | sort | tr '\n' ' '"));
        await b.ShAsync("vgck --devices /dev/etherd/e1.0 vg_san");
        await a.Disks.DetachAsync(held, Ct);
        await b.Disks.DetachAsync(two, Ct);

        // Nothing is left on hosts that use it no more, and the disk is one like any other again.
        foreach (var volume in machines.Layout.Select(volume => volume.Name))
            await a.RemoveAsync(volume);
        await a.DissolveAsync();
        var status = await machines.Target.StatusAsync(Ct);
        Assert.Empty(status.Readers);
        Assert.Empty(status.Ranges);
        foreach (var machine in new[] { a, b })
            Assert.False(await machine.SucceedsAsync("sleep 0.3; ls /dev/etherd/e1.0"));
    }
}
