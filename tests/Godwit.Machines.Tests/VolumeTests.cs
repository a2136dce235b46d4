using Godwit.Machines.Tests.Pool;

namespace Godwit.Machines.Tests;

/// <summary>The verbs for volumes, on the LVM of a machine with a real, partitioned disk. What they did is read by LVM's own commands.</summary>
[Collection(PoolCollection.Name)]
public sealed class VolumeTests(PoolFixture pool)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task AVolumeIsMadeGrownCopiedAndRemoved()
    {
        var free = await FreeAsync();
        await GodwitAsync("create vg_xen/data --size 32m");
        await pool.Storage.RunAsync("echo what it holds | dd of=/dev/vg_xen/data conv=fsync status=none", Ct);
        await GodwitAsync("clone vg_xen/data vg_xen/copy --size 48m");
        await GodwitAsync("resize vg_xen/data --size 64m");
        Assert.Equal(["copy 48.00m", "data 64.00m"], await VolumesAsync("vg_xen", "data|copy"));
        await pool.Storage.RunAsync("cmp --bytes=33554432 /dev/vg_xen/data /dev/vg_xen/copy", Ct);
        Assert.Equal("what it holds", (await pool.Storage.RunAsync("head -n 1 /dev/vg_xen/copy", Ct)).Trim());
        await GodwitAsync("delete vg_xen/data");
        await GodwitAsync("delete vg_xen/copy");
        Assert.Equal(free, await FreeAsync());
    }

    [Fact]
    public async Task AThinVolumeHasSnapshotsUntilItsPoolIsFull()
    {
        await pool.Storage.RunAsync($"lvcreate -q --yes --type thin-pool --size 64m --name pool0 {PoolFixture.ThinGroup}", Ct);
        await GodwitAsync($"group add {PoolFixture.ThinGroup} --thin-pool pool0");
        await GodwitAsync("create vg_thin/data --size 1g");
        await pool.Storage.RunAsync("echo before | dd of=/dev/vg_thin/data conv=fsync status=none", Ct);
        await GodwitAsync("snapshot vg_thin/data data.before");
        await pool.Storage.RunAsync("dd if=/dev/urandom of=/dev/vg_thin/data bs=64k count=1023 oflag=direct conv=fsync status=none", Ct);
        Assert.Equal("before", (await pool.Storage.RunAsync("head -n 1 /dev/vg_thin/data.before", Ct)).Trim());

        // How full it is the kernel tells some time after.
        await pool.Storage.RunAsync("timeout 60 sh -c 'until lvs --noheadings -o data_percent vg_thin/pool0 | grep -q -e 99[.] -e 100[.]00; do sleep 1; done'", Ct);
        var refused = await pool.Storage.TryRunAsync("godwit volume create vg_thin/more --size 1g", Ct);
        Assert.NotEqual(0, refused.ExitCode);
        Assert.Contains("lvextend -L +SIZE GROUP/POOL", refused.Error, StringComparison.Ordinal);
        Assert.Equal(["data 1.00g", "data.before 1.00g"], await VolumesAsync("vg_thin", "data|more"));

        await GodwitAsync("delete vg_thin/data.before");
        await GodwitAsync("delete vg_thin/data");
        await GodwitAsync("group remove vg_thin");
        await pool.Storage.RunAsync("lvremove -q --yes vg_thin/pool0", Ct);
    }

    private Task<string> GodwitAsync(string words) => pool.Storage.RunAsync("godwit volume " + words, Ct);

    private async Task<string> FreeAsync() => (await pool.Storage.RunAsync($"vgs --noheadings -o vg_free {PoolFixture.Group}", Ct)).Trim();

    /// <summary>Names and sizes, as lvs has them.</summary>
    private async Task<IReadOnlyList<string>> VolumesAsync(string group, string names)
    {
        var all = await pool.Storage.RunAsync($"lvs --noheadings --separator ' ' -o lv_name,lv_size -S 'lv_name=~\"^({names})\"' {group}", Ct);
        return [.. all.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)];
    }
}
