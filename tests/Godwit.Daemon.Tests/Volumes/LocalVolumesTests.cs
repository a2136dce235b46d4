using Godwit.Daemon.Volumes;
using Godwit.Domains;
using Godwit.Pool;
using Godwit.Pool.Embedded;
using Godwit.Storage;
using Godwit.Storage.Fences;
using Godwit.Storage.Groups;
using Godwit.Storage.Volumes;
using Godwit.Storage.Volumes.Stores;
using Microsoft.Extensions.Logging.Abstractions;

namespace Godwit.Daemon.Tests.Volumes;

/// <summary>What a storage host lets be deleted, by what the registry says.</summary>
public sealed class LocalVolumesTests : IDisposable
{
    private static readonly VolumeName s_name = VolumeName.Parse("vg_xen/lv_vm1");
    private readonly string _directory = Directory.CreateTempSubdirectory("gwv").FullName;
    private readonly SqliteRegistry _registry;
    private readonly LocalVolumes _volumes;

    public LocalVolumesTests()
    {
        _registry = SqliteRegistry.Open(Path.Combine(_directory, "registry.db"));
        var exports = new VolumeExports(new ExportPlaces("/nowhere", ["none"], _directory, _directory), TimeProvider.System, NullLogger<VolumeExports>.Instance);
        var groups = new VolumeGroups("storage", new DirectoryStore("vg_xen", _directory));
        var service = new VolumeService(
            "storage", groups, new VolumeCatalog(Path.Combine(_directory, "catalog.json")), exports,
            DirectVolumeData.Instance, TimeProvider.System, NullLogger<VolumeService>.Instance);
        _volumes = new LocalVolumes("storage", service, groups, new VolumeFences(service, exports), _registry, new NobodyToTell(), new NoMembers());
    }

    public void Dispose()
    {
        _registry.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    [Theory]
    [InlineData("vg_xen/lv_vm1")]
    [InlineData("/dev/vg_xen/lv_vm1")]
    public async Task A_disk_of_a_domain_is_kept_also_where_the_domain_does_not_run(string target)
    {
        await _registry.PutVolumeAsync(new VolumeRecord(s_name, 512, "storage", 0, 0), default);
        await _registry.CompareAndSetAsync(Stopped("vm1", target), 0, drawEpoch: true, default);
        var e = await Assert.ThrowsAsync<GodwitException>(() => _volumes.DeleteAsync(s_name, default));
        Assert.Equal((StorageErrors.VolumeInUse, "vg_xen/lv_vm1 is a disk of vm1."), (e.Code, e.Message));
        Assert.Single(await _registry.ListVolumesAsync(default));
    }

    [Fact]
    public async Task A_deletion_that_was_cut_short_can_be_asked_for_again()
    {
        await _registry.PutVolumeAsync(new VolumeRecord(s_name, 512, "storage", 0, 0), default);
        await _volumes.DeleteAsync(s_name, default);
        Assert.Empty(await _registry.ListVolumesAsync(default));
        Assert.Equal(StorageErrors.NoSuchVolume, (await Assert.ThrowsAsync<GodwitException>(() => _volumes.DeleteAsync(s_name, default))).Code);
    }

    [Fact]
    public async Task A_name_that_another_storage_host_entered_first_stays_that_hosts()
    {
        await _registry.PutVolumeAsync(new VolumeRecord(s_name, 512, "other", 0, 0), default);
        await _registry.PutVolumeAsync(new VolumeRecord(s_name, 1024, "storage", 0, 1), default);
        Assert.Equal(new VolumeRecord(s_name, 512, "other", 0, 0), Assert.Single(await _registry.ListVolumesAsync(default)));
        await _registry.PutVolumeAsync(new VolumeRecord(s_name, 2048, "other", 0, 0), default);
        Assert.Equal(2048, Assert.Single(await _registry.ListVolumesAsync(default)).SizeBytes);

        Assert.True(LocalVolumes.YieldsTo(new VolumeRecord(s_name, 1024, "a", 0, 1), new VolumeRecord(s_name, 512, "b", 0, 0)));
        var e = await Assert.ThrowsAsync<GodwitException>(() => _volumes.CreateAsync(s_name, 512, default));
        Assert.Equal((StorageErrors.VolumeExists, "The pool has a volume vg_xen/lv_vm1 already, on other."), (e.Code, e.Message));
        Assert.Empty(Directory.EnumerateFiles(_directory, "*lv_vm1*"));
    }

    private static DomainRecord Stopped(string name, string target) => new()
    {
        Spec = new DomainSpec
        {
            Name = name,
            MemoryMiB = 64,
            Disks = [new DiskSpec { Target = target, Backend = DiskBackend.Block, VirtualDevice = "hda1" }],
        },
        Pin = new HardwarePin("fake", "none", "pc-1", "cpu-1"),
        Owner = "resource-1",
        RunState = RunState.ShutOff,
    };

    private sealed class NoMembers : IGroupMembers
    {
        public Task CarryOutAsync(GroupOrder order, CancellationToken cancellationToken) => throw new NotSupportedException();
    }

    private sealed class NobodyToTell : IVolumeUsers
    {
        public Task TellGrownAsync(string host, VolumeName volume, long sizeBytes, CancellationToken cancellationToken) => throw new NotSupportedException();
    }
}
