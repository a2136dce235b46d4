using Godwit.Api;
using Godwit.Daemon.Tests.Hosting;
using Godwit.Daemon.Volumes;
using Godwit.Domains;
using Godwit.Pool;
using Godwit.Storage;
using Godwit.Storage.Volumes;

namespace Godwit.Daemon.Tests.Volumes;

public sealed class VolumeRoleTests(TestPool pool) : IClassFixture<TestPool>
{
    [Fact]
    public async Task A_host_asks_for_roles_in_its_own_name()
    {
        var volume = new VolumeLocation(VolumeName.Parse("vg_xen/lv_vm1"), 5L << 30, "storage", 0, 0);
        var first = new RemoteVolumes(pool.First.Registry, pool.First.Peers);
        var second = new RemoteVolumes(pool.Second.Registry, pool.Second.Peers);
        await first.ProbeAsync(volume, default);
        var session = await first.AdmitAsync(volume, [MacAddress.Parse("aa:cc:00:00:00:01"), MacAddress.Parse("aa:cc:00:00:00:02")], false, default);
        Assert.Equal(0, await first.FenceAsync(volume, 7, session, default));
        var e = await Assert.ThrowsAsync<ApiException>(() => second.FenceAsync(volume, 6, 1, default));
        Assert.Equal(FenceRefusal.StaleEpoch, e.Code);
        Assert.Equal(7, await second.FenceAsync(volume, 8, 1, default));
        await second.AdmitAsync(volume, [MacAddress.Parse("aa:cc:00:00:00:03")], true, default);
        await first.ReleaseAsync(volume, session, default);
        Assert.Equal(
            [
                "admit vg_xen/lv_vm1 resource-1 aa:cc:00:00:00:01 aa:cc:00:00:00:02",
                $"fence vg_xen/lv_vm1 resource-1 7 {session}",
                "fence vg_xen/lv_vm1 resource-2 6 1",
                "fence vg_xen/lv_vm1 resource-2 8 1",
                "admit vg_xen/lv_vm1 resource-2 aa:cc:00:00:00:03 sessionless",
                $"release vg_xen/lv_vm1 resource-1 {session}",
            ],
            pool.Storage.Volumes.Asked.Where(asked => asked.Contains("lv_vm1", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_volume_is_shown_and_deleted_by_the_host_that_has_it()
    {
        var there = new VolumeRecord(VolumeName.Parse("vg_xen/there"), 1 << 20, "storage", 0, 7);
        await pool.Storage.Registry.PutVolumeAsync(there, default);
        using var client = pool.Second.Client();
        var shown = await client.GetVolumeAsync("vg_xen", "there", default);
        Assert.Equal(("storage", 7, "vm1", "resource-1 (its writer)"), (shown.StorageHost, shown.Slot, Assert.Single(shown.Domains), Assert.Single(shown.Hosts)));
        await client.DeleteVolumeAsync("vg_xen", "there", default);
        Assert.Contains("delete vg_xen/there", pool.Storage.Volumes.Asked);

        await pool.Storage.Registry.PutVolumeAsync(there, default);
        foreach (var attempt in new Func<Task>[] { () => client.GetVolumeAsync("vg_xen", "theer", default), () => client.DeleteVolumeAsync("vg_xen", "theer", default) })
        {
            var e = await Assert.ThrowsAsync<ApiException>(attempt);
            Assert.Equal(("no-such-volume", "Did you mean vg_xen/there?"), (e.Code, e.Remedy));
        }
    }

    [Fact]
    public async Task A_volume_is_made_on_the_storage_host_whoever_is_asked()
    {
        using var client = pool.First.Client();
        var volume = await client.CreateVolumeAsync(new CreateVolumeRequest("vg_xen/new", 1 << 20), default);
        Assert.Equal(("vg_xen/new", "storage"), (volume.Name, volume.StorageHost));
        Assert.Equal("bad-volume-name", (await Assert.ThrowsAsync<ApiException>(
            () => client.CreateVolumeAsync(new CreateVolumeRequest("new", 1 << 20), default))).Code);
    }
}
