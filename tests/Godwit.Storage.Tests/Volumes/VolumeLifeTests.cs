using Godwit.Domains;
using Godwit.Storage.Volumes;
using Godwit.Storage.Volumes.Stores;
using Microsoft.Extensions.Logging.Abstractions;

namespace Godwit.Storage.Tests.Volumes;

/// <summary>
/// How volumes come and go, with the program as it ships. It serves on the loopback device, where nobody asks for
/// anything: what counts here is its process, its fence and its files.
/// </summary>
public sealed class VolumeLifeTests : IAsyncDisposable
{
    private const long Size = 1 << 20;
    private static readonly VolumeName s_name = VolumeName.Parse("vg_xen/lv_vm1");
    private readonly TemporaryDirectory _directory = new();

    public VolumeLifeTests() => Assert.SkipUnless(Environment.UserName == "root", "needs root for packet sockets");

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private string Path => _directory.File("vg_xen/lv_vm1");

    private string StatePath => _directory.File("state/e0.0");

    private string Socket => _directory.File("run/e0.0.sock");

    public async ValueTask DisposeAsync()
    {
        var (service, exports, catalog) = Serve();
        foreach (var entry in catalog.Entries)
            await exports.EndAsync(entry, CancellationToken.None);
        _directory.Dispose();
        GC.KeepAlive(service);
    }

    private (VolumeService Service, VolumeExports Exports, VolumeCatalog Catalog) Serve(string? runDirectory = null)
    {
        var catalog = new VolumeCatalog(_directory.File("volumes.json"));
        var exports = new VolumeExports(
            new ExportPlaces(System.IO.Path.Combine(AppContext.BaseDirectory, "godwit-aoe"), ["lo"], _directory.File("state"), runDirectory ?? _directory.File("run")),
            TimeProvider.System, NullLogger<VolumeExports>.Instance);
        return (new VolumeService("storage", new VolumeGroups("storage", new DirectoryStore("vg_xen", _directory.File("vg_xen"))),
            catalog, exports, DirectVolumeData.Instance, TimeProvider.System, NullLogger<VolumeService>.Instance), exports, catalog);
    }

    [Fact]
    public async Task The_data_of_a_guest_is_for_root_alone()
    {
        await Serve().Service.CreateAsync(s_name, Size, Ct);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path));
    }

    [Fact]
    public async Task A_volume_is_deleted_by_a_later_daemon_only_when_nobody_uses_it()
    {
        await Serve().Service.CreateAsync(s_name, Size, Ct);
        var process = Processes.Serving(Socket)!.Value;
        var (service, exports, catalog) = Serve();
        var export = exports.Control(service.Find(s_name));
        var reader = await export.AdmitAsync("resource-2", ["02:00:00:00:00:02"], Ct);
        var writer = await export.AdmitAsync("resource-1", ["02:00:00:00:00:01"], Ct);
        await export.FenceAsync("resource-1", 5, writer, Ct);

        var refused = await Assert.ThrowsAsync<GodwitException>(() => service.DeleteAsync(s_name, Ct));
        Assert.Equal((StorageErrors.VolumeInUse, "vg_xen/lv_vm1 is in use by resource-1 (its writer), resource-2."), (refused.Code, refused.Message));
        Assert.Equal(process, Processes.Serving(Socket));
        await export.ReleaseAsync("resource-1", writer, Ct);
        Assert.Equal(StorageErrors.VolumeInUse, (await Assert.ThrowsAsync<GodwitException>(() => service.DeleteAsync(s_name, Ct))).Code);
        await export.ReleaseAsync("resource-2", reader, Ct);

        await service.DeleteAsync(s_name, Ct);
        Assert.True(process.HasExited());
        Assert.False(File.Exists(Path) || Directory.Exists(StatePath) || File.Exists(Socket));
        Assert.Empty(catalog.Entries);
        Assert.Equal(StorageErrors.NoSuchVolume, (await Assert.ThrowsAsync<GodwitException>(() => service.DeleteAsync(s_name, Ct))).Code);

        // The next volume has another address, and nothing of the fence of the former one.
        var next = await service.CreateAsync(VolumeName.Parse("vg_xen/next"), Size, Ct);
        Assert.Equal((0, 1), (next.Shelf, next.Slot));
        var status = await exports.Control(service.Find(next.Name)).StatusAsync(Ct);
        Assert.Equal((0L, true), (status.Epoch, status.ServesWrites));
    }

    [Fact]
    public async Task A_volume_whose_creation_was_cut_short_is_completed_by_the_next_daemon()
    {
        // What a daemon leaves that dies between the entry and the export.
        Directory.CreateDirectory(_directory.File("vg_xen"));
        VolumeFile.Create(_directory.File("vg_xen/.lv_vm1.new"), Size);
        new VolumeCatalog(_directory.File("volumes.json")).Add(s_name, Size, isNew: true);
        var (service, exports, catalog) = Serve();
        Assert.Empty(service.List());
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        var running = service.RunAsync(stop.Token);
        for (var i = 0; i < 200 && service.List().IsEmpty; i++)
            await Task.Delay(50, Ct);
        Assert.Single(service.List());
        Assert.True((await exports.Control(Assert.Single(catalog.Entries)).StatusAsync(Ct)).ServesWrites);
        Assert.False(Assert.Single(new VolumeCatalog(_directory.File("volumes.json")).Entries).IsNew);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    [Fact]
    public async Task A_volume_has_its_content_before_anybody_is_served_it()
    {
        var (service, exports, _) = Serve();
        var reports = new List<WorkProgress>();
        await service.CreateAsync(s_name, Size, [], Ct, async (path, progress, token) =>
        {
            Assert.False(File.Exists(Socket));
            await using var file = File.OpenWrite(path);
            await file.WriteAsync("the content"u8.ToArray(), token);
            progress.Report(new WorkProgress(11, 11));
        }, new DirectVolumeDataTests.Reports(reports.Add));
        Assert.Equal("the content", System.Text.Encoding.ASCII.GetString(File.ReadAllBytes(Path).AsSpan(0, 11)));
        Assert.Equal(Size, new FileInfo(Path).Length);
        Assert.Equal(new WorkProgress(11, 11), Assert.Single(reports));
        Assert.Equal(Size, (await exports.Control(service.Find(s_name)).StatusAsync(Ct)).Size);
    }

    [Fact]
    public async Task What_a_daemon_left_that_died_while_it_filled_a_volume_is_removed_by_the_next()
    {
        Directory.CreateDirectory(_directory.File("vg_xen"));
        VolumeFile.Create(_directory.File("vg_xen/.lv_vm1.new"), Size);
        await File.WriteAllTextAsync(_directory.File("vg_xen/other"), "not ours", Ct);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        var running = Serve().Service.RunAsync(stop.Token);
        for (var i = 0; i < 200 && File.Exists(_directory.File("vg_xen/.lv_vm1.new")); i++)
            await Task.Delay(50, Ct);
        Assert.Equal([_directory.File("vg_xen/other")], Directory.GetFiles(_directory.File("vg_xen")));
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    [Fact]
    public async Task A_volume_that_was_used_and_lost_its_fence_is_not_given_a_new_one()
    {
        var (service, exports, _) = Serve();
        await service.CreateAsync(s_name, Size, Ct);
        var entry = service.Find(s_name);
        await exports.EndAsync(entry, Ct);
        Directory.Delete(StatePath, recursive: true);
        await exports.EnsureAsync(entry, Path, entry.IsNew, Ct);
        Assert.False((await exports.Control(entry).StatusAsync(Ct)).ServesWrites);
    }

    [Fact]
    public async Task A_run_directory_that_cannot_be_used_does_not_end_the_watch()
    {
        await Serve().Service.CreateAsync(s_name, Size, Ct);
        await File.WriteAllTextAsync(_directory.File("no-directory"), "", Ct);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        var running = Serve(_directory.File("no-directory")).Service.RunAsync(stop.Token);
        await Task.Delay(100, Ct);
        Assert.False(running.IsCompleted);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    [Fact]
    public async Task A_name_is_created_once_also_when_asked_for_at_once()
    {
        var (service, _, catalog) = Serve();
        var tries = await Task.WhenAll(Enumerable.Range(0, 4).Select(async _ =>
        {
            try
            {
                await service.CreateAsync(s_name, Size, Ct);
                return "made";
            }
            catch (GodwitException e)
            {
                return e.Code;
            }
        }));
        Assert.Single(tries, "made");
        Assert.All(tries.Where(t => t != "made"), code => Assert.Contains(code, new[] { StorageErrors.VolumeBusy, StorageErrors.VolumeExists }));
        Assert.Equal(Size, new FileInfo(Path).Length);
        Assert.Single(catalog.Entries);
    }

    [Fact]
    public async Task A_volume_grows_under_who_uses_it_and_its_export_has_the_new_size_at_once()
    {
        var (service, exports, _) = Serve();
        await service.CreateAsync(s_name, Size, Ct);
        var process = Processes.Serving(Socket);
        var export = exports.Control(service.Find(s_name));
        await export.FenceAsync("resource-1", 5, await export.AdmitAsync("resource-1", ["02:00:00:00:00:01"], Ct), Ct);
        Assert.Equal(["resource-1"], service.HostsOf(s_name));

        Assert.Equal(2 * Size, (await service.ResizeAsync(s_name, 2 * Size, shrink: false, NoProgress.Instance, Ct)).SizeBytes);
        Assert.Equal(2 * Size, (await export.StatusAsync(Ct)).Size);
        Assert.Equal(2 * Size, (await service.ResizeAsync(s_name, 2 * Size, shrink: false, NoProgress.Instance, Ct)).SizeBytes);
        Assert.Equal(process, Processes.Serving(Socket));
        Assert.Equal(2 * Size, Assert.Single(new VolumeCatalog(_directory.File("volumes.json")).Entries).SizeBytes);

        Assert.Equal(StorageErrors.WouldShrink, (await Assert.ThrowsAsync<GodwitException>(() => service.ResizeAsync(s_name, Size, shrink: false, NoProgress.Instance, Ct))).Code);
        Assert.Equal(StorageErrors.VolumeInUse, (await Assert.ThrowsAsync<GodwitException>(() => service.ResizeAsync(s_name, Size, shrink: true, NoProgress.Instance, Ct))).Code);
        Assert.Equal(2 * Size, new FileInfo(Path).Length);
    }

    [Fact]
    public async Task A_volume_that_nobody_uses_shrinks_and_is_served_on()
    {
        var (service, exports, _) = Serve();
        await service.CreateAsync(s_name, 2 * Size, Ct);
        Assert.Equal(Size, (await service.ResizeAsync(s_name, Size, shrink: true, NoProgress.Instance, Ct)).SizeBytes);
        Assert.Equal(Size, (await exports.Control(service.Find(s_name)).StatusAsync(Ct)).Size);
        // A smaller file under an export that runs is no size that it takes: who uses it believes in the former.
        File.WriteAllBytes(Path, new byte[512]);
        Assert.Equal("bad-request", (await Assert.ThrowsAnyAsync<GodwitException>(() => exports.Control(service.Find(s_name)).GrowAsync(Ct))).Code);
    }

    [Fact]
    public async Task A_copy_is_a_volume_of_its_own_and_leaves_nothing_where_it_fails()
    {
        var (service, exports, catalog) = Serve();
        var copy = VolumeName.Parse("vg_xen/copy");
        await service.CreateAsync(s_name, Size, [], Ct, (path, _, _) => File.WriteAllBytesAsync(path, [.. Enumerable.Repeat((byte)7, (int)Size)], Ct));
        var made = await service.CopyAsync(s_name, copy, 2 * Size, [], NoProgress.Instance, Ct);
        Assert.Equal((2 * Size, 0, 1), (made.SizeBytes, made.Shelf, made.Slot));
        var bytes = await File.ReadAllBytesAsync(_directory.File("vg_xen/copy"), Ct);
        Assert.False(bytes.AsSpan(0, (int)Size).ContainsAnyExcept((byte)7));
        Assert.False(bytes.AsSpan((int)Size).ContainsAnyExcept((byte)0));

        Assert.Equal(StorageErrors.BadSize, (await Assert.ThrowsAsync<GodwitException>(() => service.CopyAsync(s_name, VolumeName.Parse("vg_xen/less"), Size / 2, [], NoProgress.Instance, Ct))).Code);
        Assert.Equal(StorageErrors.VolumeExists, (await Assert.ThrowsAsync<GodwitException>(() => service.CopyAsync(s_name, copy, null, [], NoProgress.Instance, Ct))).Code);
        await service.DeleteAsync(copy, Ct);
        // The disk of the source vanishes in the middle.
        File.WriteAllBytes(Path, new byte[512]);
        var failed = await Assert.ThrowsAsync<GodwitException>(() => service.CopyAsync(s_name, copy, null, [], new DirectVolumeDataTests.Reports(_ => File.WriteAllBytes(Path, [])), Ct));
        Assert.Equal(StorageErrors.CopyFailed, failed.Code);
        Assert.Equal([Path], Directory.GetFiles(_directory.File("vg_xen")));
        Assert.Equal(s_name, Assert.Single(catalog.Entries).Name);
    }

    [Fact]
    public async Task While_it_is_copied_nobody_begins_to_use_it_and_what_is_used_is_not_copied()
    {
        var (service, exports, catalog) = Serve();
        var fences = new Storage.Fences.VolumeFences(service, exports);
        System.Collections.Immutable.ImmutableArray<MacAddress> macs = [MacAddress.Parse("02:00:00:00:00:01")];
        await service.CreateAsync(s_name, Size, [], Ct, (path, _, _) => File.WriteAllBytesAsync(path, [.. Enumerable.Repeat((byte)7, (int)Size)], Ct));
        GodwitException? refused = null;
        await service.WriteAsync(s_name, _directory.File("out.img"), ImageFormat.Raw, new DirectVolumeDataTests.Reports(_ =>
            refused = fences.AdmitAsync(s_name, "resource-1", macs, false, Ct).Exception?.InnerException as GodwitException), Ct);
        Assert.Equal(StorageErrors.VolumeBusy, refused?.Code);
        Assert.Equal(await File.ReadAllBytesAsync(Path, Ct), await File.ReadAllBytesAsync(_directory.File("out.img"), Ct));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_directory.File("out.img")));

        await fences.AdmitAsync(s_name, "resource-1", macs, false, Ct);
        Assert.Equal(StorageErrors.CopyNeedsRest, (await Assert.ThrowsAsync<GodwitException>(() =>
            service.WriteAsync(s_name, _directory.File("other.img"), ImageFormat.Raw, NoProgress.Instance, Ct))).Code);
        Assert.False(File.Exists(_directory.File("other.img")) || File.Exists(_directory.File("other.img.part")));
        GC.KeepAlive(catalog);
    }

    [Theory]
    [InlineData("relative.img", StorageErrors.BadFile)]
    [InlineData("/nowhere/at/all.img", StorageErrors.BadFile)]
    [InlineData("/etc/hostname", StorageErrors.FileExists)]
    public async Task A_file_that_cannot_be_made_is_refused(string file, string code)
    {
        var service = Serve().Service;
        await service.CreateAsync(s_name, Size, Ct);
        foreach (var format in new[] { ImageFormat.Raw, ImageFormat.Qcow2 })
            Assert.Equal(code, (await Assert.ThrowsAsync<GodwitException>(() => service.WriteAsync(s_name, file, format, NoProgress.Instance, Ct))).Code);
    }

    [Fact]
    public async Task A_volume_is_written_as_qcow2_with_progress()
    {
        var service = Serve().Service;
        await service.CreateAsync(s_name, 64 * Size, [], Ct, (path, _, _) => File.WriteAllBytesAsync(path, [.. Enumerable.Repeat((byte)7, 64 * (int)Size)], Ct));
        var reports = new List<WorkProgress>();
        await service.WriteAsync(s_name, _directory.File("out.qcow2"), ImageFormat.Qcow2, new DirectVolumeDataTests.Reports(reports.Add), Ct);
        Assert.Equal(new WorkProgress(64 * Size, 64 * Size), reports[^1]);
        Assert.Contains("identical", await Native.Processes.ProgramRunner.RunAsync(["qemu-img", "compare", "-f", "qcow2", "-F", "raw", _directory.File("out.qcow2"), Path], ct: Ct));
        Assert.False(File.Exists(_directory.File("out.qcow2.part")));
    }

    [Fact]
    public void Nobody_serves_a_socket_that_is_not_there() => Assert.Null(Processes.Serving(Socket));
}
