using Godwit.Aoe.Control;
using Godwit.Domains;
using Godwit.Storage.Volumes;
using Godwit.Storage.Volumes.Stores;
using Microsoft.Extensions.Logging.Abstractions;

namespace Godwit.Storage.Tests.Volumes;

/// <summary>A group that lies on a volume: what its storage host knows of it, and does with its bytes.</summary>
public sealed class VolumeSharingTests : IDisposable
{
    private const int MiB = 1 << 20;
    private static readonly VolumeName s_device = VolumeName.Parse("vg_xen/disk1");
    private static readonly VolumeName s_plain = VolumeName.Parse("vg_xen/plain");
    private static readonly VolumeName s_one = VolumeName.Parse("vg_san/lv_vm1");
    private readonly TemporaryDirectory _directory = new();
    private readonly VolumeCatalog _catalog;
    private readonly VolumeService _service;

    public VolumeSharingTests()
    {
        Directory.CreateDirectory(_directory.File("vg_xen"));
        _catalog = new VolumeCatalog(_directory.File("volumes.json"));
        _service = Open(_catalog);
        foreach (var name in new[] { s_device, s_plain })
        {
            _catalog.Add(name, 16 * MiB);
            File.WriteAllBytes(PathOf(name), Filled(16 * MiB, name == s_device ? (byte)0xee : (byte)0x11));
        }
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task A_new_volume_is_nobodys_before_its_extents_are_cleared()
    {
        Share();
        _service.Settle(s_device, [Volume("lv_vm1", 4 * MiB, (4096, 2048), (12288, 6144))]);
        Assert.Empty(_service.ListShared());
        Assert.Equal(["lv_vm1"], _service.UnfinishedOf("vg_san"));
        Assert.Equal(StorageErrors.VolumeBusy, Refused(() => _service.Taking(s_device, [new SectorRange(12288, 8)])).Code);

        var made = await _service.CompleteAsync(s_one, null, NoProgress.Instance, Ct);
        Assert.Equal((s_one, 4L * MiB, s_device), (made.Name, made.SizeBytes, made.LiesOn!.Value));
        Assert.Equal([made], _service.ListShared());
        Assert.Empty(_service.UnfinishedOf("vg_san"));
        _service.Taking(s_device, [new SectorRange(12288, 8)]).Dispose();
        var bytes = await File.ReadAllBytesAsync(PathOf(s_device), Ct);
        Assert.Equal("ee 2MiB, 00 1MiB, ee 3MiB, 00 3MiB, ee 7MiB", Runs(bytes));
    }

    [Fact]
    public async Task A_copy_goes_into_the_extents_and_out_of_them_and_what_is_behind_it_is_empty()
    {
        Share();
        _service.Settle(s_device, [Volume("lv_vm1", 4 * MiB, (4096, 2048), (12288, 6144))]);
        var small = VolumeName.Parse("vg_xen/small");
        _catalog.Add(small, 2 * MiB);
        await File.WriteAllBytesAsync(PathOf(small), Filled(2 * MiB, 0x22), Ct);
        var progress = new List<WorkProgress>();
        await _service.CompleteAsync(s_one, small, new DirectVolumeDataTests.Reports(progress.Add), Ct);
        Assert.Equal("ee 2MiB, 22 1MiB, ee 3MiB, 22 1MiB, 00 2MiB, ee 7MiB", Runs(await File.ReadAllBytesAsync(PathOf(s_device), Ct)));
        Assert.Equal(new WorkProgress(6 * MiB, 6 * MiB), progress[^1]);
        Assert.All(progress.Zip(progress.Skip(1)), pair => Assert.True(pair.First.Done <= pair.Second.Done));

        _service.Settle(s_device, [Volume("lv_vm1", 4 * MiB, (4096, 2048), (12288, 6144)), Volume("lv_vm2", 5 * MiB, (20480, 10240))]);
        await _service.CompleteAsync(VolumeName.Parse("vg_san/lv_vm2"), s_one, NoProgress.Instance, Ct);
        Assert.Equal("ee 2MiB, 22 1MiB, ee 3MiB, 22 1MiB, 00 2MiB, ee 1MiB, 22 2MiB, 00 3MiB, ee 1MiB", Runs(await File.ReadAllBytesAsync(PathOf(s_device), Ct)));
    }

    [Fact]
    public async Task What_is_larger_does_not_fit_and_the_volume_stays_unfinished()
    {
        Share();
        _service.Settle(s_device, [Volume("lv_vm1", 4 * MiB, (4096, 8192))]);
        var refused = await Assert.ThrowsAsync<GodwitException>(() => _service.CompleteAsync(s_one, s_plain, NoProgress.Instance, Ct));
        Assert.Equal((StorageErrors.BadSize, "vg_xen/plain is larger than vg_san/lv_vm1."), (refused.Code, refused.Message));
        Assert.Empty(_service.ListShared());
    }

    [Fact]
    public async Task Only_what_is_new_of_a_grown_volume_is_cleared_also_when_that_was_cut_short()
    {
        Share();
        _service.Settle(s_device, [Volume("lv_vm1", 2 * MiB, (4096, 4096))]);
        await _service.CompleteAsync(s_one, null, NoProgress.Instance, Ct);
        await WriteAsync(PathOf(s_device), 2 * MiB, Filled(2 * MiB, 0x33));
        _service.Settle(s_device, [Volume("lv_vm1", 4 * MiB, (4096, 4096), (16384, 4096))]);

        // Another daemon, after a power failure.
        var service = Open(new VolumeCatalog(_directory.File("volumes.json")));
        Assert.Equal(StorageErrors.VolumeBusy, Refused(() => service.Taking(s_device, [new SectorRange(4096, 8)])).Code);
        Assert.Equal(4L * MiB, Assert.Single(service.ListShared()).SizeBytes);
        await service.CompleteAsync(s_one, null, NoProgress.Instance, Ct);
        Assert.Equal("ee 2MiB, 33 2MiB, ee 4MiB, 00 2MiB, ee 6MiB", Runs(await File.ReadAllBytesAsync(PathOf(s_device), Ct)));
        service.Taking(s_device, [new SectorRange(4096, 8)]).Dispose();
    }

    [Fact]
    public async Task A_volume_under_a_group_is_no_disk_and_stays_as_it_is()
    {
        Share();
        Share();
        Assert.Equal("vg_san", _service.List().Single(volume => volume.Name == s_device).SharedGroup);
        Assert.Equal("The group vg_san lies on vg_xen/disk1.", (await Assert.ThrowsAsync<GodwitException>(() => _service.DeleteAsync(s_device, Ct))).Message);
        Assert.Equal(StorageErrors.GroupInUse, (await Assert.ThrowsAsync<GodwitException>(() => _service.ResizeAsync(s_device, 32 * MiB, false, NoProgress.Instance, Ct))).Code);
        Assert.Equal(StorageErrors.GroupInUse, Refused(() => _service.BeginSharing(s_device, "vg_other")).Code);
        Assert.Equal(StorageErrors.GroupExists, Refused(() => _service.BeginSharing(s_plain, "vg_san")).Code);
        Assert.Equal(StorageErrors.GroupExists, Refused(() => _service.BeginSharing(s_plain, "vg_xen")).Code);
        Assert.Equal(StorageErrors.NoSuchGroup, Refused(() => _service.Settle(s_plain, [])).Code);
        Assert.Equal(StorageErrors.NoSuchGroup, Refused(() => _service.LocateDevice("vg_none")).Code);
        Assert.Equal("Did you mean vg_san/lv_vm1?", NearMiss().Remedy);

        Assert.Equal(StorageErrors.GroupInUse, Refused(() => _service.EndSharing(s_device)).Code);
        _service.Settle(s_device, []);
        _service.EndSharing(s_device);
        Assert.Null(new VolumeCatalog(_directory.File("volumes.json")).Find(s_device)!.Shared);

        GodwitException NearMiss()
        {
            _service.Settle(s_device, [Volume("lv_vm1", 2 * MiB, (4096, 4096))]);
            _service.Adopt(s_one);
            return Refused(() => _service.FindShared(VolumeName.Parse("vg_san/lv_vm2")));
        }
    }

    [Fact]
    public async Task A_volume_that_is_copied_gets_no_writer_meanwhile()
    {
        Share();
        _service.Settle(s_device, [Volume("lv_vm1", 2 * MiB, (4096, 4096)), Volume("lv_vm2", 2 * MiB, (8192, 4096))]);
        _service.Adopt(s_one);
        var during = "";
        await _service.CompleteAsync(VolumeName.Parse("vg_san/lv_vm2"), s_one, new DirectVolumeDataTests.Reports(_ =>
            during = Refused(() => _service.Taking(s_device, [new SectorRange(4096, 4096)])).Code), Ct);
        Assert.Equal(StorageErrors.VolumeBusy, during);
        _service.Taking(s_device, [new SectorRange(4096, 4096), new SectorRange(0, 2048, Rest: true)]).Dispose();
    }

    [Fact]
    public void Nobody_becomes_the_writer_of_a_volume_that_is_being_changed_and_nobody_changes_it_meanwhile()
    {
        Share();
        _service.Settle(s_device, [Volume("lv_vm1", 2 * MiB, (4096, 4096))]);
        _service.Adopt(s_one);
        using (_service.Changing(s_one))
        {
            Assert.Equal(StorageErrors.VolumeBusy, Refused(() => _service.Taking(s_device, [new SectorRange(4096, 4096)])).Code);
            Assert.Equal(StorageErrors.VolumeBusy, Refused(() => _service.Changing(s_one)).Code);
        }
        using (_service.Taking(s_device, [new SectorRange(4096, 4096)]))
            Assert.Equal(StorageErrors.VolumeBusy, Refused(() => _service.Changing(s_one)).Code);
        _service.Changing(s_one).Dispose();
    }

    private void Share() => _service.BeginSharing(s_device, "vg_san");

    private VolumeService Open(VolumeCatalog catalog)
    {
        var exports = new VolumeExports(
            new ExportPlaces("/nowhere", ["st0"], _directory.File("state"), _directory.File("run")), TimeProvider.System, NullLogger<VolumeExports>.Instance);
        return new VolumeService("storage", new VolumeGroups("storage", new DirectoryStore("vg_xen", _directory.File("vg_xen"))),
            catalog, exports, DirectVolumeData.Instance, TimeProvider.System, NullLogger<VolumeService>.Instance);
    }

    private string PathOf(VolumeName name) => _directory.File(name.ToString());

    private static GroupVolume Volume(string name, long size, params (long Start, long Length)[] sectors) =>
        new(name, size, [.. sectors.Select(range => new SectorRange(range.Start, range.Length))]);

    private static GodwitException Refused(Action step) => Assert.ThrowsAny<GodwitException>(step);

    private static GodwitException Refused<T>(Func<T> step) => Assert.ThrowsAny<GodwitException>(() => { step(); });

    private static byte[] Filled(int length, byte with)
    {
        var bytes = new byte[length];
        Array.Fill(bytes, with);
        return bytes;
    }

    private static async Task WriteAsync(string path, long at, byte[] bytes)
    {
        using var file = File.OpenHandle(path, access: FileAccess.Write);
        await RandomAccess.WriteAsync(file, bytes, at);
    }

    /// <summary>What lies there, by MiB.</summary>
    private static string Runs(byte[] bytes)
    {
        var runs = new List<(byte What, int Length)>();
        foreach (var what in bytes)
        {
            if (runs.Count > 0 && runs[^1].What == what)
                runs[^1] = (what, runs[^1].Length + 1);
            else
                runs.Add((what, 1));
        }
        return string.Join(", ", runs.Select(run => run.Length % MiB == 0 ? $"{run.What:x2} {run.Length / MiB}MiB" : $"{run.What:x2} {run.Length}"));
    }
}
