using Godwit.Domains;
using Godwit.Storage.Volumes;
using Godwit.Storage.Volumes.Stores;

namespace Godwit.Storage.Tests.Volumes.Lvm;

/// <summary>The store's commands on a real LVM, thick and thin, and what it makes of LVM's refusals.</summary>
public sealed class LvmStoreTests(LvmMachine machine) : IClassFixture<LvmMachine>
{
    private const long MiB = 1 << 20;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static async Task MakeAsync(IVolumeStore store, string volume, long size)
    {
        var begun = await store.BeginAsync(volume, size, NoProgress.Instance, Ct);
        Assert.Equal([volume], await store.ListUnfinishedAsync(Ct));
        Assert.Equal($"/dev/{store.Group}/{volume}", begun.Path);
        await store.FinishAsync(volume, Ct);
        await store.FinishAsync(volume, Ct);
        Assert.Empty(await store.ListUnfinishedAsync(Ct));
    }

    private static async Task<string> RefusedAsync(string code, Func<Task> step)
    {
        var refused = await Assert.ThrowsAsync<GodwitException>(step);
        Assert.Equal(code, refused.Code);
        Assert.NotNull(refused.Remedy);
        return refused.Message;
    }

    private async Task<string> VolumesAsync() => await machine.ShAsync("lvs --noheadings -o vg_name,lv_name | tr -s ' '");

    [Fact]
    public async Task A_thick_volume_comes_grows_shrinks_and_goes()
    {
        Assert.SkipUnless(LvmMachine.Possible, "needs root, QEMU and mmdebstrap");
        var store = machine.Thick();
        var before = await store.ReportAsync(Ct);
        // A volume of before, whose data nobody may see in a new one.
        await machine.ShAsync("lvcreate -qq -y -l 100%FREE -n old vg_thick && yes secret | dd of=/dev/vg_thick/old bs=1M iflag=fullblock; lvremove -qq -y vg_thick/old; true");
        var begun = await store.BeginAsync("a", 10 * MiB, NoProgress.Instance, Ct);
        // Whole extents of 4 MiB.
        Assert.Equal(12 * MiB, begun.SizeBytes);
        await store.FinishAsync("a", Ct);
        Assert.Equal("12582912", await machine.ShAsync("tr -d '\\0' < /dev/vg_thick/a | wc -c | grep -qx 0 && blockdev --getsize64 /dev/vg_thick/a"));
        Assert.Equal("godwit", await machine.ShAsync("lvs --noheadings -o lv_tags vg_thick/a | tr -d ' '"));
        Assert.Equal(before.FreeBytes - (12 * MiB), (await store.ReportAsync(Ct)).FreeBytes);

        await machine.ShAsync("printf hello | dd of=/dev/vg_thick/a conv=notrunc");
        machine.ZeroingIsGivenUp = true;
        await Assert.ThrowsAsync<OperationCanceledException>(() => store.ResizeAsync("a", 20 * MiB, NoProgress.Instance, Ct));
        machine.ZeroingIsGivenUp = false;
        Assert.Equal("12582912", await machine.ShAsync("blockdev --getsize64 /dev/vg_thick/a"));
        Assert.Equal(20 * MiB, await store.ResizeAsync("a", 20 * MiB, NoProgress.Instance, Ct));
        Assert.Equal(20 * MiB, await store.ResizeAsync("a", 20 * MiB, NoProgress.Instance, Ct));
        Assert.Equal("hello", await machine.ShAsync("head -c 5 /dev/vg_thick/a"));
        Assert.Equal("0", await machine.ShAsync("tail -c +6 /dev/vg_thick/a | tr -d '\\0' | wc -c"));
        Assert.Equal(8 * MiB, await store.ResizeAsync("a", 8 * MiB, NoProgress.Instance, Ct));
        Assert.Equal("hello", await machine.ShAsync("head -c 5 /dev/vg_thick/a"));

        // It can only be copied.
        Assert.Null(await store.TryBeginCopyAsync("a", "b", 8 * MiB, Ct));

        await machine.ShAsync("lvchange -an vg_thick/a");
        await store.ActivateAsync("a", Ct);
        Assert.Equal("hello", await machine.ShAsync("head -c 5 /dev/vg_thick/a"));
        await store.DeleteAsync("a", Ct);
        await store.DeleteAsync("a", Ct);
        Assert.DoesNotContain("vg_thick", await VolumesAsync());
        Assert.Equal(before, await store.ReportAsync(Ct));
    }

    [Fact]
    public async Task A_thin_volume_comes_is_copied_at_once_while_it_is_open_grows_and_goes()
    {
        Assert.SkipUnless(LvmMachine.Possible, "needs root, QEMU and mmdebstrap");
        var store = machine.Thin();
        // More than the pool has.
        await MakeAsync(store, "t", 1024 * MiB);
        await machine.ShAsync("printf before | dd of=/dev/vg_thin/t conv=notrunc,fsync");
        await machine.ShAsync("sleep 1000 < /dev/vg_thin/t > /dev/null 2>&1 & echo $! > /tmp/opener");
        var copy = await store.TryBeginCopyAsync("t", "snap", 2048 * MiB, Ct);
        Assert.Equal(new NewVolume("/dev/vg_thin/snap", 2048 * MiB), copy);
        await machine.ShAsync("printf after_ | dd of=/dev/vg_thin/t conv=notrunc,fsync");
        await store.FinishAsync("snap", Ct);
        Assert.Equal("before", await machine.ShAsync("head -c 6 /dev/vg_thin/snap"));

        // Open: LVM does not remove it.
        Assert.Contains("in use", await RefusedAsync(StorageErrors.VolumeInUse, () => store.DeleteAsync("t", Ct)));
        await machine.ShAsync("kill $(cat /tmp/opener); while kill -0 $(cat /tmp/opener) 2> /dev/null; do sleep 0.1; done");
        await store.DeleteAsync("t", Ct);
        await machine.ShAsync("lvchange -an vg_thin/snap");
        await store.ActivateAsync("snap", Ct);
        Assert.Equal("before", await machine.ShAsync("head -c 6 /dev/vg_thin/snap"));
        Assert.Equal(3072 * MiB, await store.ResizeAsync("snap", 3072 * MiB, NoProgress.Instance, Ct));
        await store.DeleteAsync("snap", Ct);
        var report = await store.ReportAsync(Ct);
        Assert.Equal((96 * MiB, "thin pool vg_thin/pool"), (report.SizeBytes, report.Place));
    }

    [Fact]
    public async Task What_is_not_Godwits_is_never_touched()
    {
        Assert.SkipUnless(LvmMachine.Possible, "needs root, QEMU and mmdebstrap");
        var store = machine.Thick();
        await machine.ShAsync("lvcreate -qq -y -L 4m -n root vg_thick");
        await RefusedAsync(StorageErrors.VolumeExists, () => store.BeginAsync("root", 4 * MiB, NoProgress.Instance, Ct));
        await RefusedAsync(StorageErrors.NotOurs, () => store.DeleteAsync("root", Ct));
        await RefusedAsync(StorageErrors.NotOurs, () => store.ResizeAsync("root", 8 * MiB, NoProgress.Instance, Ct));
        await RefusedAsync(StorageErrors.NotOurs, () => store.ActivateAsync("root", Ct));
        await RefusedAsync(StorageErrors.NotOurs, () => store.TryBeginCopyAsync("root", "copy", 4 * MiB, Ct));
        Assert.Empty(await store.ListUnfinishedAsync(Ct));
        Assert.Contains("vg_thick root", await VolumesAsync());
        await machine.ShAsync("lvremove -qq -y vg_thick/root");
    }

    [Fact]
    public async Task What_LVM_refuses_is_told_apart_and_leaves_nothing()
    {
        Assert.SkipUnless(LvmMachine.Possible, "needs root, QEMU and mmdebstrap");
        var (thick, thin) = (machine.Thick(), machine.Thin());
        await RefusedAsync(StorageErrors.NoSpace, () => thick.BeginAsync("huge", 1024 * MiB, NoProgress.Instance, Ct));
        await MakeAsync(thick, "b", 4 * MiB);
        await RefusedAsync(StorageErrors.NoSpace, () => thick.ResizeAsync("b", 1024 * MiB, NoProgress.Instance, Ct));
        Assert.Equal("4194304", await machine.ShAsync("blockdev --getsize64 /dev/vg_thick/b"));
        await RefusedAsync(StorageErrors.VolumeExists, () => thick.BeginAsync("b", 4 * MiB, NoProgress.Instance, Ct));
        await thick.DeleteAsync("b", Ct);

        var gone = new Storage.Volumes.Stores.Lvm.LvmStore(GroupDefinition.OfLvm("vg_gone"), machine.Tool, machine);
        await RefusedAsync(StorageErrors.NoSuchGroup, () => gone.ReportAsync(Ct));
        await RefusedAsync(StorageErrors.NoSuchGroup, () => gone.BeginAsync("a", MiB, NoProgress.Instance, Ct));
        await RefusedAsync(StorageErrors.NoSuchGroup, () => machine.Thin("nopool").ReportAsync(Ct));
        await RefusedAsync(StorageErrors.NoSuchVolume, () => machine.Thin("nopool").BeginAsync("a", MiB, NoProgress.Instance, Ct));
        await RefusedAsync(StorageErrors.BadName, () => thick.BeginAsync("snapshot", 4 * MiB, NoProgress.Instance, Ct));
        await RefusedAsync(StorageErrors.BadName, () => thick.BeginAsync("a_mlog", 4 * MiB, NoProgress.Instance, Ct));
        await RefusedAsync(StorageErrors.NoSuchVolume, () => thick.ResizeAsync("nobody", 4 * MiB, NoProgress.Instance, Ct));

        // A pool that is full takes no new volume; how full it is the kernel tells some time after.
        await MakeAsync(thin, "fat", 96 * MiB);
        await machine.ShAsync("dd if=/dev/urandom of=/dev/vg_thin/fat bs=64k count=1528 oflag=direct conv=fsync");
        await machine.ShAsync("(for i in $(seq 60); do lvs --noheadings -o data_percent vg_thin/pool | grep -q 99[.] && exit 0; sleep 1; done; lvs -a vg_thin; dmsetup status; exit 1)");
        var said = await RefusedAsync(StorageErrors.PoolFull, () => thin.BeginAsync("one_more", MiB, NoProgress.Instance, Ct));
        Assert.Contains("The thin pool vg_thin/pool is 99.", said);
        await RefusedAsync(StorageErrors.PoolFull, () => thin.TryBeginCopyAsync("fat", "copy", 96 * MiB, Ct));
        var report = await thin.ReportAsync(Ct);
        Assert.InRange(report.FreeBytes, 0, 10 * MiB);
        await thin.DeleteAsync("fat", Ct);
        Assert.DoesNotContain("copy", await VolumesAsync());
        Assert.DoesNotContain("one_more", await VolumesAsync());
        Assert.DoesNotContain("vg_thick", await VolumesAsync());
    }
}
