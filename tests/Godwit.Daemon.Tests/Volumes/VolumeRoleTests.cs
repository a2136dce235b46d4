using Godwit.Aoe.Control;
using Godwit.Api;
using Godwit.Daemon.Tests.Hosting;
using Godwit.Daemon.Volumes;
using Godwit.Domains;
using Godwit.Pool;
using Godwit.Storage;
using Godwit.Storage.Groups;
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
    public async Task A_host_of_a_shared_group_asks_for_roles_in_parts_of_its_device()
    {
        var device = new VolumeLocation(VolumeName.Parse("vg_xen/disk1"), 5L << 30, "storage", 0, 0, SharedGroup: "vg_san");
        var first = new RemoteVolumes(pool.First.Registry, pool.First.Peers).OfGroup(device);
        SectorRange metadata = new(0, 2048, Rest: true), one = new(2048, 8192);
        var session = await first.AdmitAsync([MacAddress.Parse("aa:cc:00:00:00:01")], default);
        Assert.Equal(8, await first.FenceAsync(9, session, [metadata], free: true, default));
        await first.ForgetAsync(session, [one], default);
        await first.SettleAsync([new GroupVolume("lv_a", 4 << 20, [one])], default);
        await first.ReleaseAsync(session, [metadata], default);
        await first.ReturnAsync(session, [one], default);
        await first.ProbeAsync(default);
        await first.ReleaseAsync(session, default);
        Assert.Equal(
            [
                "admit vg_xen/disk1 resource-1 aa:cc:00:00:00:01 sessionless",
                $"fence vg_xen/disk1 resource-1 9 {session} 0+2048 and the rest free",
                $"forget vg_xen/disk1 resource-1 {session} 2048+8192",
                "settle vg_xen/disk1 lv_a=4194304@2048+8192",
                $"release vg_xen/disk1 resource-1 {session} 0+2048 and the rest",
                $"return vg_xen/disk1 resource-1 {session} 2048+8192",
                $"release vg_xen/disk1 resource-1 {session}",
            ],
            pool.Storage.Volumes.Asked.Where(asked => asked.Contains("disk1", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Epochs_are_drawn_from_one_counter_by_all_hosts()
    {
        var drawn = new List<long>();
        foreach (var host in new[] { pool.First, pool.Storage, pool.Second, pool.First })
            drawn.Add(await host.Registry.DrawEpochAsync(default));
        Assert.Equal(drawn.Distinct().Order(), drawn);
    }

    [Fact]
    public async Task No_host_that_cannot_have_LVM_on_an_exported_volume_is_asked_for_it()
    {
        var device = new VolumeLocation(VolumeName.Parse("vg_xen/disk1"), 5L << 30, "storage", 0, 0);
        var members = new RemoteGroupMembers("storage", pool.Storage.Peerage, pool.Storage.Peers);
        var refused = await Assert.ThrowsAsync<GodwitException>(() => members.CarryOutAsync(new GroupOrder("vg_san", device, GroupOrderKind.Make), default));
        Assert.Equal(StorageErrors.NoKernelDriver, refused.Code);
        Assert.Contains("resource-1: resource-1 has no disks of the pool.", refused.Message, StringComparison.Ordinal);
        Assert.Contains("resource-2: resource-2 has no disks of the pool.", refused.Message, StringComparison.Ordinal);
        using var client = pool.First.Client();
        Assert.Equal("bad-group", (await Assert.ThrowsAsync<ApiException>(
            () => client.AddVolumeGroupAsync(new AddVolumeGroupRequest("vg_san", "shared", Path: "/srv", On: "vg_xen/disk1"), default))).Code);
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
