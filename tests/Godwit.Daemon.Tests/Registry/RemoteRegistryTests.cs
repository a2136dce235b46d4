using Godwit.Api;
using Godwit.Daemon.Tests.Hosting;
using Godwit.Domains;
using Godwit.Pool;

namespace Godwit.Daemon.Tests.Registry;

public sealed class RemoteRegistryTests(TestPool pool) : IClassFixture<TestPool>
{
    private IRegistry Remote => pool.First.Registry;

    [Fact]
    public async Task A_record_is_written_read_changed_and_removed_by_compare_and_set()
    {
        Assert.Null(await Remote.FindAsync("r1", default));
        var record = Record("r1");
        var created = await Remote.CompareAndSetAsync(record, 0, drawEpoch: true, default);
        Assert.True(created.Won);
        Assert.True(created.Current!.Epoch > 0);
        var again = await Remote.CompareAndSetAsync(record, 0, drawEpoch: true, default);
        Assert.Equal((false, created.Current.Revision), (again.Won, again.Current!.Revision));

        var read = (await Remote.FindAsync("r1", default))!;
        var there = (await pool.Storage.Registry.FindAsync("r1", default))!;
        Assert.Equal((there.Revision, there.Epoch, there.Boot, there.Intent), (read.Revision, read.Epoch, read.Boot, read.Intent));
        Assert.Equal(there.Spec.Disks.AsEnumerable(), read.Spec.Disks);
        Assert.Equal(there.Spec.Interfaces[0].Mac, read.Spec.Interfaces[0].Mac);

        var changed = await Remote.CompareAndSetAsync(read with { Owner = "resource-2" }, read.Revision, drawEpoch: true, default);
        Assert.True(changed.Current!.Epoch > read.Epoch);
        Assert.False((await Remote.RemoveAsync("r1", read.Revision, default)).Won);
        var removed = await Remote.RemoveAsync("r1", changed.Current.Revision, default);
        Assert.Equal(new CompareAndSetResult(true), removed);
        Assert.DoesNotContain(await Remote.ListAsync(default), r => r.Name == "r1");
    }

    [Fact]
    public async Task Of_two_hosts_one_wins()
    {
        var created = (await Remote.CompareAndSetAsync(Record("r2"), 0, drawEpoch: true, default)).Current!;
        var answers = await Task.WhenAll(
            pool.First.Registry.CompareAndSetAsync(created with { Owner = "resource-1" }, created.Revision, true, default),
            pool.Second.Registry.CompareAndSetAsync(created with { Owner = "resource-2" }, created.Revision, true, default));
        var won = Assert.Single(answers, answer => answer.Won);
        Assert.All(answers, answer => Assert.Equal(won.Current!.Owner, answer.Current!.Owner));
    }

    [Fact]
    public async Task A_host_can_write_its_own_record_only()
    {
        await Remote.ProbeAsync(default);
        var hosts = await Remote.ListHostsAsync(default);
        await Remote.PutHostAsync(hosts.Single(host => host.Name == "resource-1"), default);
        var e = await Assert.ThrowsAsync<ApiException>(() => Remote.PutHostAsync(hosts.Single(host => host.Name == "resource-2"), default));
        Assert.Equal("foreign-name", e.Code);
        e = await Assert.ThrowsAsync<ApiException>(
            () => Remote.PutVolumeAsync(new VolumeRecord(VolumeName.Parse("g/v"), 1, "storage", 0, 0), default));
        Assert.Equal("foreign-name", e.Code);
        // Of a volume the name of the host that asks counts, not the one that it gives.
        var volume = new VolumeRecord(VolumeName.Parse("g/kept"), 512, "storage", 0, 9);
        await pool.Storage.Registry.PutVolumeAsync(volume, default);
        await Remote.RemoveVolumeAsync(volume.Name, "storage", default);
        Assert.Contains(volume, await Remote.ListVolumesAsync(default));
        await pool.Storage.Registry.RemoveVolumeAsync(volume.Name, "storage", default);
        Assert.DoesNotContain(volume, await Remote.ListVolumesAsync(default));
    }

    private static DomainRecord Record(string name) => new()
    {
        Spec = new DomainSpec
        {
            Name = name,
            MemoryMiB = 64,
            Disks = [new DiskSpec { Target = "vg/lv", Backend = DiskBackend.Block, VirtualDevice = "hda1" }],
            Interfaces = [new InterfaceSpec { Mac = MacAddress.Parse("aa:cc:00:00:00:01") }],
            OnCrash = LifecycleAction.Preserve,
        },
        Pin = new HardwarePin("fake", "none", "pc-1", "cpu-1"),
        Boot = new BootFiles("abc"),
        Owner = "resource-1",
        RunState = RunState.ShutOff,
        Intent = new RelocationIntent(Guid.NewGuid(), "resource-1", "resource-2"),
        Last = new LastRelocation(Guid.NewGuid(), "a", "b", RelocationOutcome.GivenBack),
    };
}
