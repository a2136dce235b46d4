using System.Collections.Immutable;
using Godwit.Aoe.Control;
using Godwit.Daemon.Volumes;
using Godwit.Domains;
using Godwit.Pool;
using Godwit.Pool.Embedded;
using Godwit.Storage;
using Godwit.Storage.Groups;
using Godwit.Storage.Volumes;
using Godwit.Storage.Volumes.Stores;
using Microsoft.Extensions.Logging.Abstractions;

namespace Godwit.Daemon.Tests.Volumes;

/// <summary>Volumes of a group that lies on an exported volume, as its storage host makes and removes them by the hosts that share it.</summary>
public sealed class SharedVolumesTests : IDisposable
{
    private const long MiB = 1 << 20;
    private static readonly VolumeName s_device = VolumeName.Parse("vg_xen/disk1");
    private static readonly VolumeName s_one = VolumeName.Parse("vg_san/lv_vm1");
    private readonly string _directory = Directory.CreateTempSubdirectory("gws").FullName;
    private readonly SqliteRegistry _registry;
    private readonly VolumeService _service;
    private readonly Hosts _hosts;
    private readonly SharedVolumes _shared;

    public SharedVolumesTests()
    {
        Directory.CreateDirectory(Path.Combine(_directory, "vg_xen"));
        _registry = SqliteRegistry.Open(Path.Combine(_directory, "registry.db"));
        var catalog = new VolumeCatalog(Path.Combine(_directory, "catalog.json"));
        catalog.Add(s_device, 64 * MiB);
        File.WriteAllBytes(Path.Combine(_directory, "vg_xen", "disk1"), new byte[64 * MiB]);
        var exports = new VolumeExports(new ExportPlaces("/nowhere", ["none"], _directory, _directory), TimeProvider.System, NullLogger<VolumeExports>.Instance);
        _service = new VolumeService(
            "storage", new VolumeGroups("storage", new DirectoryStore("vg_xen", Path.Combine(_directory, "vg_xen"))), catalog, exports,
            DirectVolumeData.Instance, TimeProvider.System, NullLogger<VolumeService>.Instance);
        _hosts = new Hosts(_service);
        _shared = new SharedVolumes(_service, _hosts, _registry);
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _registry.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task A_group_and_its_volumes_from_their_making_to_their_end()
    {
        var group = await _shared.AddAsync("vg_san", s_device, Ct);
        Assert.Equal((GroupKind.Shared, s_device), (group.Definition.Kind, group.Definition.On!.Value));
        Assert.Equal(new VolumeRecord(s_device, 64 * MiB, "storage", 0, 0, SharedGroup: "vg_san"), Assert.Single(await _registry.ListVolumesAsync(Ct)));

        var made = await CreateAsync(s_one, 3 * MiB);
        Assert.Equal(new VolumeRecord(s_one, 4 * MiB, "storage", 0, 0, LiesOn: s_device), made);
        Assert.Contains(made, await _registry.ListVolumesAsync(Ct));
        Assert.Equal(StorageErrors.VolumeExists, (await Assert.ThrowsAsync<GodwitException>(() => CreateAsync(s_one, MiB))).Code);
        Assert.Equal((64 * MiB, 60 * MiB), (_shared.List().Single().Report!.SizeBytes, _shared.List().Single().Report!.FreeBytes));

        Assert.Equal(StorageErrors.WouldShrink, (await Assert.ThrowsAsync<GodwitException>(() => ResizeAsync(MiB, shrink: false))).Code);
        Assert.Equal(8 * MiB, (await ResizeAsync(8 * MiB, shrink: false)).SizeBytes);
        Assert.Equal(4 * MiB, (await ResizeAsync(4 * MiB, shrink: true)).SizeBytes);
        Assert.Contains(made, await _registry.ListVolumesAsync(Ct));

        Assert.Equal(StorageErrors.GroupInUse, (await Assert.ThrowsAsync<GodwitException>(() => _shared.RemoveAsync("vg_san", Ct))).Code);
        await _shared.DeleteAsync(s_one, "storage", Ct);
        await _shared.RemoveAsync("vg_san", Ct);
        Assert.Equal(new VolumeRecord(s_device, 64 * MiB, "storage", 0, 0), Assert.Single(await _registry.ListVolumesAsync(Ct)));
        Assert.Equal(
            ["Make", "Create lv_vm1 3145728", "Resize lv_vm1 8388608", "Resize lv_vm1 4194304", "Remove lv_vm1", "Dissolve"], _hosts.Asked);
    }

    [Fact]
    public async Task What_a_host_refuses_leaves_nothing()
    {
        _hosts.Refusal = new GodwitException(StorageErrors.NoKernelDriver, "No host can do it.");
        Assert.Equal(StorageErrors.NoKernelDriver, (await Assert.ThrowsAsync<GodwitException>(() => _shared.AddAsync("vg_san", s_device, Ct))).Code);
        Assert.Null(_service.Find(s_device).Shared);

        _hosts.Refusal = null;
        await _shared.AddAsync("vg_san", s_device, Ct);
        _hosts.Refusal = new GodwitException(StorageErrors.NoSpace, "There is no room.");
        Assert.Equal(StorageErrors.NoSpace, (await Assert.ThrowsAsync<GodwitException>(() => CreateAsync(s_one, MiB))).Code);
        Assert.Empty(_service.Find(s_device).Shared!.Volumes);
    }

    [Fact]
    public async Task A_volume_that_could_not_be_filled_is_removed()
    {
        await _shared.AddAsync("vg_san", s_device, Ct);
        var refused = await Assert.ThrowsAsync<GodwitException>(() => _shared.CreateAsync(s_one, 4 * MiB, s_device, NoProgress.Instance, Ct));
        Assert.Equal(StorageErrors.BadSize, refused.Code);
        Assert.Empty(_service.Find(s_device).Shared!.Volumes);
        Assert.Equal(["Make", "Create lv_vm1 4194304", "Remove lv_vm1"], _hosts.Asked);

        using var stop = new CancellationTokenSource();
        _hosts.Done = stop.Cancel;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _shared.CreateAsync(s_one, 4 * MiB, null, NoProgress.Instance, stop.Token));
        Assert.Empty(_service.Find(s_device).Shared!.Volumes);
    }

    [Fact]
    public async Task What_a_daemon_left_that_died_meanwhile_goes_with_the_next_change()
    {
        await _shared.AddAsync("vg_san", s_device, Ct);
        _service.Settle(s_device, [Hosts.Volume("lv_half", 4 * MiB, 0)]);
        await CreateAsync(s_one, MiB);
        Assert.Equal(["Make", "Remove lv_half", "Create lv_vm1 1048576"], _hosts.Asked);
        Assert.Equal(["lv_vm1"], _service.Find(s_device).Shared!.Volumes.Select(volume => volume.Name));
    }

    [Fact]
    public async Task A_group_that_lies_there_already_is_taken_with_what_it_holds()
    {
        _hosts.There = [Hosts.Volume("lv_old", 8 * MiB, 0)];
        await _shared.AddAsync("vg_san", s_device, Ct);
        Assert.Equal(["vg_san/lv_old", "vg_xen/disk1"], (await _registry.ListVolumesAsync(Ct)).Select(volume => volume.Name.ToString()));

        // Asked for again: what was begun meanwhile is not taken for a volume.
        _hosts.There = [];
        _service.Settle(s_device, [Hosts.Volume("lv_old", 8 * MiB, 0), Hosts.Volume("lv_half", 4 * MiB, 1)]);
        await _shared.AddAsync("vg_san", s_device, Ct);
        Assert.Equal(["lv_half"], _service.UnfinishedOf("vg_san"));
    }

    [Fact]
    public async Task A_group_that_was_made_in_part_is_none()
    {
        _hosts.There = [Hosts.Volume("lv_old", 8 * MiB, 0)];
        _hosts.Done = () => throw new GodwitException(StorageErrors.LvmFailed, "The last of it failed.");
        Assert.Equal(StorageErrors.LvmFailed, (await Assert.ThrowsAsync<GodwitException>(() => _shared.AddAsync("vg_san", s_device, Ct))).Code);
        Assert.Null(_service.Find(s_device).Shared);
        Assert.Empty(await _registry.ListVolumesAsync(Ct));
    }

    [Fact]
    public async Task Names_and_volumes_that_are_taken()
    {
        await _registry.PutVolumeAsync(new VolumeRecord(VolumeName.Parse("vg_far/a"), 512, "other", 0, 9), default);
        Assert.Equal(StorageErrors.GroupExists, (await Assert.ThrowsAsync<GodwitException>(() => _shared.AddAsync("vg_far", s_device, Ct))).Code);
        Assert.Equal(StorageErrors.BadGroup, (await Assert.ThrowsAsync<GodwitException>(() => _shared.AddAsync("-x", s_device, Ct))).Code);
        await _registry.CompareAndSetAsync(new DomainRecord
        {
            Spec = new DomainSpec { Name = "vm1", MemoryMiB = 64, Disks = [new DiskSpec { Target = "vg_xen/disk1", Backend = DiskBackend.Block, VirtualDevice = "hda1" }] },
            Owner = "resource-1",
            Pin = new HardwarePin("fake", "none", "pc-1", "cpu-1"),
            RunState = RunState.Running,
        }, 0, drawEpoch: true, default);
        Assert.Equal("vg_xen/disk1 is a disk of vm1.", (await Assert.ThrowsAsync<GodwitException>(() => _shared.AddAsync("vg_san", s_device, Ct))).Message);
        Assert.Empty(_hosts.Asked);
    }

    private Task<VolumeRecord> CreateAsync(VolumeName name, long size) => _shared.CreateAsync(name, size, null, NoProgress.Instance, Ct);

    private Task<VolumeRecord> ResizeAsync(long size, bool shrink) => _shared.ResizeAsync(s_one, size, shrink, NoProgress.Instance, Ct);

    /// <summary>Hosts that have LVM: extents of 4 MiB, one volume after the other.</summary>
    private sealed class Hosts(VolumeService service) : IGroupMembers
    {
        private const long Extent = 4 * MiB;

        public List<string> Asked { get; } = [];

        public GodwitException? Refusal { get; set; }

        /// <summary>Called when something has been carried out.</summary>
        public Action Done { get; set; } = () => { };

        public ImmutableArray<GroupVolume> There { get; set; } = [];

        public static GroupVolume Volume(string name, long size, int place) =>
            new(name, size, [new SectorRange(2048 + place * 8 * Extent / 512, size / 512)]);

        public Task CarryOutAsync(GroupOrder order, CancellationToken cancellationToken)
        {
            if (Refusal is { } refusal)
                throw refusal;
            Asked.Add($"{order.Kind}{(order.Volume is { } named ? $" {named}" : "")}{(order.SizeBytes > 0 ? $" {order.SizeBytes}" : "")}");
            var volumes = (service.Find(order.Device.Name).Shared?.Volumes ?? []).Select((volume, place) => Volume(volume.Name, volume.SizeBytes, place)).ToList();
            var size = (order.SizeBytes + Extent - 1) / Extent * Extent;
            if (order.Kind == GroupOrderKind.Make)
                volumes.AddRange(There);
            if (order.Kind is GroupOrderKind.Remove or GroupOrderKind.Resize)
                volumes.RemoveAll(volume => volume.Name == order.Volume);
            if (order.Kind is GroupOrderKind.Create or GroupOrderKind.Resize)
                volumes.Add(Volume(order.Volume!, size, volumes.Count));
            if (order.Kind != GroupOrderKind.Dissolve)
                service.Settle(order.Device.Name, volumes);
            Done();
            return Task.CompletedTask;
        }
    }
}
