using Godwit.Domains;
using Godwit.Storage.Attachments;
using Godwit.Storage.Volumes;

namespace Godwit.Storage.Tests.Attachments;

public sealed class DiskFinderTests : IDisposable
{
    private static readonly VolumeLocation s_volume = new(VolumeName.Parse("vg_xen/lv_vm1"), 4096, "storage", 1, 7);
    private readonly TemporaryDirectory _devices = new();
    private readonly DiskFinder _finder;

    public DiskFinderTests() => _finder = new DiskFinder(new FakeEndpoints(s_volume), _devices.Path);

    public void Dispose() => _devices.Dispose();

    private static DiskSpec Spec(string target, DiskBackend backend = DiskBackend.Block) => new() { Target = target, Backend = backend, VirtualDevice = "xvda" };

    private Task<DiskIdentity> FindAsync(string target, DiskBackend backend = DiskBackend.Block) => _finder.FindAsync(
        Spec(target, backend), TestContext.Current.CancellationToken);

    private string Device(string name, int length)
    {
        var path = _devices.File(name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, new byte[length]);
        return path;
    }

    [Fact]
    public async Task A_volume_of_the_pool() => Assert.Equal(
        new DiskIdentity { Kind = DiskKind.PoolVolume, Name = "vg_xen/lv_vm1", SizeBytes = 4096, StorageHost = "storage", Shelf = 1, Slot = 7 },
        await FindAsync("vg_xen/lv_vm1"));

    [Fact]
    public async Task A_volume_of_the_pool_goes_before_the_device_that_it_is_on_its_storage_host()
    {
        Device("vg_xen/lv_vm1", 512);
        Device("vg_xen/lv_own", 512);
        Assert.Equal((4096, true), Seen(await FindAsync("vg_xen/lv_vm1")));
        Assert.Equal((4096, true), Seen(await FindAsync("vg_xen/lv_vm1", DiskBackend.File)));
        Assert.Equal((512, false), Seen(await FindAsync("vg_xen/lv_own")));
        await Assert.ThrowsAsync<GodwitException>(() => FindAsync("vg_xen/lv_own", DiskBackend.File));

        static (long, bool) Seen(DiskIdentity disk) => (disk.SizeBytes, disk.Fenced);
    }

    [Fact]
    public async Task A_volume_of_a_shared_group_comes_with_the_exported_volume_that_it_lies_on_which_is_no_disk_itself()
    {
        var device = new VolumeLocation(VolumeName.Parse("vg_xen/disk1"), 8192, "storage", 1, 8, SharedGroup: "vg_san");
        var finder = new DiskFinder(new FakeEndpoints(
            device, new VolumeLocation(VolumeName.Parse("vg_san/lv_vm1"), 4096, "storage", 1, 8, LiesOn: device.Name),
            new VolumeLocation(VolumeName.Parse("vg_san/lost"), 4096, "storage", 1, 9, LiesOn: VolumeName.Parse("vg_xen/gone"))), _devices.Path);
        Assert.Equal(
            new DiskIdentity
            {
                Kind = DiskKind.PoolVolume, Name = "vg_san/lv_vm1", SizeBytes = 4096, StorageHost = "storage", Shelf = 1, Slot = 8,
                LiesOn = new SharedDevice("vg_xen/disk1", 8192),
            },
            await finder.FindAsync(Spec("vg_san/lv_vm1"), TestContext.Current.CancellationToken));
        foreach (var (target, said) in new[]
        {
            ("vg_xen/disk1", "vg_xen/disk1 is no disk for a domain: the group vg_san lies on it."),
            ("vg_san/lost", "vg_san/lost lies on vg_xen/gone, which is not there."),
        })
        {
            var refused = await Assert.ThrowsAsync<GodwitException>(() => finder.FindAsync(Spec(target), TestContext.Current.CancellationToken));
            Assert.Equal(said, refused.Message);
        }
    }

    [Fact]
    public async Task A_path_is_opened_as_it_stands()
    {
        var path = Device("image", 1536);
        Assert.Equal(new DiskIdentity { Kind = DiskKind.File, Name = path, SizeBytes = 1536 }, await FindAsync(path, DiskBackend.File));
    }

    [Fact]
    public async Task The_articles_slip_is_answered_with_the_volume_that_was_meant()
    {
        var refused = await Assert.ThrowsAsync<GodwitException>(() => FindAsync("xen/lv_vm1"));
        Assert.Equal(StorageErrors.NoSuchDisk, refused.Code);
        Assert.Equal($"there is no volume xen/lv_vm1 in the pool, and no device {_devices.Path}/xen/lv_vm1; did you mean vg_xen/lv_vm1?", refused.Message);
    }

    [Fact]
    public async Task A_logical_volume_of_this_host_can_be_what_was_meant()
    {
        Device("dm-3", 512);
        Directory.CreateDirectory(_devices.File("data"));
        File.CreateSymbolicLink(_devices.File("data/web"), "../dm-3");
        var refused = await Assert.ThrowsAsync<GodwitException>(() => FindAsync("dat/web"));
        Assert.EndsWith("did you mean data/web?", refused.Message, StringComparison.Ordinal);
        Assert.Equal(512, (await FindAsync("data/web")).SizeBytes);
    }

    [Theory]
    [InlineData("/nonexistent/disk")]
    [InlineData("/etc")]
    [InlineData("unlike/anything")]
    public async Task What_is_not_there(string target) =>
        Assert.Equal(StorageErrors.NoSuchDisk, (await Assert.ThrowsAsync<GodwitException>(() => FindAsync(target))).Code);
}
