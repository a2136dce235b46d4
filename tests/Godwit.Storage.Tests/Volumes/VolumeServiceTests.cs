using Godwit.Domains;
using Godwit.Storage.Volumes;
using Godwit.Storage.Volumes.Stores;
using Microsoft.Extensions.Logging.Abstractions;

namespace Godwit.Storage.Tests.Volumes;

/// <summary>Volumes whose exports do not start: what is refused, and that nothing is left of it.</summary>
public sealed class VolumeServiceTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly VolumeCatalog _catalog;
    private readonly VolumeService _service;

    public VolumeServiceTests()
    {
        _catalog = new VolumeCatalog(_directory.File("volumes.json"));
        var program = Scripts.Write(_directory.File("program"), "echo it is broken >&2\nexit 1");
        var exports = new VolumeExports(
            new ExportPlaces(program, ["st0"], _directory.File("state"), _directory.File("run")), TimeProvider.System, NullLogger<VolumeExports>.Instance);
        _service = new VolumeService("storage", new VolumeGroups("storage", new DirectoryStore("vg_xen", _directory.File("vg_xen")), new DirectoryStore("data", _directory.File("data"))),
            _catalog, exports, DirectVolumeData.Instance, TimeProvider.System, NullLogger<VolumeService>.Instance);
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    private async Task<GodwitException> RefusedAsync(string name, long size)
    {
        var refused = await Assert.ThrowsAnyAsync<GodwitException>(() => _service.CreateAsync(VolumeName.Parse(name), size, Ct));
        Assert.Empty(_catalog.Entries);
        Assert.Empty(new VolumeCatalog(_directory.File("volumes.json")).Entries);
        return refused;
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-512)]
    [InlineData(513)]
    [InlineData((1L << 50) + 512)]
    public async Task Sizes_that_no_volume_has(long size) => Assert.Equal(StorageErrors.BadSize, (await RefusedAsync("vg_xen/a", size)).Code);

    [Fact]
    public async Task A_group_that_is_not_there_is_answered_with_the_nearest()
    {
        var refused = await RefusedAsync("vg_xn/a", 512);
        Assert.Equal((StorageErrors.NoSuchGroup, "Did you mean vg_xen?"), (refused.Code, refused.Remedy));
        Assert.Equal("Its groups are: vg_xen, data.", (await RefusedAsync("other/a", 512)).Remedy);
    }

    [Fact]
    public async Task A_file_that_is_there_already_is_left_as_it_is()
    {
        Directory.CreateDirectory(_directory.File("vg_xen"));
        await File.WriteAllTextAsync(_directory.File("vg_xen/a"), "precious", Ct);
        Assert.Equal(StorageErrors.VolumeExists, (await RefusedAsync("vg_xen/a", 512)).Code);
        Assert.Equal("precious", await File.ReadAllTextAsync(_directory.File("vg_xen/a"), Ct));
    }

    [Fact]
    public async Task A_directory_of_that_name_is_left_as_it_is()
    {
        Directory.CreateDirectory(_directory.File("vg_xen/a"));
        Assert.Equal(StorageErrors.VolumeExists, (await RefusedAsync("vg_xen/a", 512)).Code);
        Assert.True(Directory.Exists(_directory.File("vg_xen/a")));
    }

    [Fact]
    public async Task An_export_that_does_not_start_leaves_no_volume_and_tells_what_it_said()
    {
        var refused = await RefusedAsync("vg_xen/a", 1 << 20);
        Assert.Equal(StorageErrors.ExportFailed, refused.Code);
        Assert.Equal("The export of vg_xen/a did not start: it is broken", refused.Message);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_directory.File("vg_xen")));
    }

    [Fact]
    public async Task Content_that_fails_leaves_no_volume_and_no_file()
    {
        var seen = "";
        var failed = await Assert.ThrowsAsync<IOException>(() => _service.CreateAsync(VolumeName.Parse("vg_xen/a"), 1 << 20, [], Ct, (path, _, _) =>
        {
            seen = path;
            File.WriteAllText(path, "half of it");
            throw new IOException("the source vanished");
        }));
        Assert.Equal("the source vanished", failed.Message);
        Assert.NotEqual("", seen);
        Assert.Empty(_catalog.Entries);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_directory.File("vg_xen")));
    }

    [Fact]
    public async Task Content_that_is_cancelled_leaves_no_volume_and_no_file()
    {
        using var stop = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _service.CreateAsync(
            VolumeName.Parse("vg_xen/a"), 1 << 20, [], stop.Token, async (_, _, token) =>
            {
                await stop.CancelAsync();
                await Task.Delay(Timeout.Infinite, token);
            }));
        Assert.Empty(_catalog.Entries);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_directory.File("vg_xen")));
    }

    [Fact]
    public void A_volume_that_is_not_there_is_answered_with_the_nearest()
    {
        _catalog.Add(VolumeName.Parse("vg_xen/lv_vm1"), 512);
        var refused = Assert.Throws<GodwitException>(() => _service.Find(VolumeName.Parse("xen/lv_vm1")));
        Assert.Equal((StorageErrors.NoSuchVolume, "Did you mean vg_xen/lv_vm1?"), (refused.Code, refused.Remedy));
        Assert.Equal(new VolumeLocation(VolumeName.Parse("vg_xen/lv_vm1"), 512, "storage", 0, 0), Assert.Single(_service.List()));
    }
}
