using Godwit.Api;
using Godwit.Daemon.Tests.Hosting;
using Godwit.Domains;

namespace Godwit.Daemon.Tests.Http;

/// <summary>Long work on volumes, asked of another host than the one that does it.</summary>
public sealed class VolumeWorkTests : IAsyncLifetime
{
    private readonly TestPool _pool = new();

    public async ValueTask InitializeAsync()
    {
        await _pool.InitializeAsync();
        await _pool.Storage.Registry.PutVolumeAsync(new Godwit.Pool.VolumeRecord(VolumeName.Parse("vg/a"), 512, "storage", 0, 0), default);
    }

    public ValueTask DisposeAsync() => _pool.DisposeAsync();

    [Fact]
    public async Task It_tells_how_far_it_is_and_ends_with_the_volume()
    {
        var ends = new TaskCompletionSource();
        _pool.Storage.Volumes.CopyEnds = ends.Task;
        using var client = _pool.First.Client();
        var job = await client.CopyVolumeAsync("vg", "a", new CopyVolumeRequest("vg/b", 4), default);
        Assert.Equal(("volume-copy", "vg/b", "storage"), (job.Kind, job.Subject, job.Host));
        using var storage = _pool.First.Client("storage");
        var heard = new List<JobEvent>();
        await foreach (var now in storage.JobEventsAsync(job.Id, default))
        {
            heard.Add(now);
            if (now.Share > 0)
                ends.TrySetResult();
        }
        var copying = heard.First(now => now.Share > 0);
        Assert.Equal(("copying vg/a", 0.25), (copying.Step, copying.Share));
        Assert.NotNull(copying.ExpectedSeconds);
        Assert.Null(heard[^1].Result!.Error);
        Assert.Equal("vg/b", Assert.Single(heard[^1].Result!.Products));
        Assert.Equal("copy vg/a vg/b 4", Assert.Single(_pool.Storage.Volumes.Asked));
    }

    [Fact]
    public async Task It_goes_on_without_whoever_asked_and_is_given_up_when_cancelled()
    {
        _pool.Storage.Volumes.CopyEnds = new TaskCompletionSource().Task;
        JobInfo job;
        using (var client = _pool.First.Client())
            job = await client.CopyVolumeAsync("vg", "a", new CopyVolumeRequest("vg/b"), default);
        using var storage = _pool.Second.Client("storage");
        Assert.Null(Assert.Single(await storage.ListJobsAsync(default)).Now.Result);
        await storage.CancelJobAsync(job.Id, default);
        Assert.Equal(JobResult.Cancelled, (await EndAsync(storage, job)).Error!.Code);
        Assert.Equal(["copy vg/a vg/b ", "copy given up"], _pool.Storage.Volumes.Asked);
    }

    [Fact]
    public async Task It_fails_in_the_middle_with_its_error_and_before_as_any_request()
    {
        var ends = new TaskCompletionSource();
        _pool.Storage.Volumes.CopyEnds = ends.Task;
        using var client = _pool.First.Client();
        using var storage = _pool.First.Client("storage");
        var job = await client.CopyVolumeAsync("vg", "a", new CopyVolumeRequest("vg/b"), default);
        ends.SetException(new GodwitException("copy-failed", "The disk vanished.", "See the log."));
        Assert.Equal(new ApiError("copy-failed", "The disk vanished.", "See the log."), (await EndAsync(storage, job)).Error);
        foreach (var name in new[] { "a/b/c", "a\nb", "vg/a\n" })
        {
            Assert.Equal("bad-volume-name", (await Assert.ThrowsAsync<ApiException>(
                () => client.CopyVolumeAsync("vg", "a", new CopyVolumeRequest(name), default))).Code);
        }
        Assert.Equal("bad-format", (await Assert.ThrowsAsync<ApiException>(
            () => client.ExportVolumeAsync("vg", "a", new ExportVolumeRequest("/srv/a.img", "vmdk"), default))).Code);
    }

    [Fact]
    public async Task A_resize_and_an_export_reach_the_host_of_the_volume()
    {
        using var client = _pool.Second.Client();
        using var storage = _pool.Second.Client("storage");
        var resized = await EndAsync(storage, await client.ResizeVolumeAsync("vg", "a", new ResizeVolumeRequest(1024, Shrink: true), default));
        Assert.Equal(("vg/a", "resource-2 goes on with the former size"), (Assert.Single(resized.Products), Assert.Single(resized.Notes)));
        var written = await EndAsync(storage, await client.ExportVolumeAsync("vg", "a", new ExportVolumeRequest("/srv/a.img", "qcow2"), default));
        Assert.Equal("/srv/a.img", Assert.Single(written.Products));
        Assert.Equal(["resize vg/a 1024 True", "write vg/a /srv/a.img Qcow2"], _pool.Storage.Volumes.Asked);
    }

    [Fact]
    public async Task The_host_of_a_guest_is_told_by_hosts_alone()
    {
        var users = new Godwit.Daemon.Volumes.RemoteVolumeUsers(_pool.Storage.Peers);
        await users.TellGrownAsync("resource-1", VolumeName.Parse("vg/a"), 1024, default);
        Assert.Equal((VolumeName.Parse("vg/a"), 1024), Assert.Single(_pool.First.Domains!.Grown));
    }

    [Fact]
    public async Task Groups_and_what_a_disk_is()
    {
        using var client = _pool.First.Client();
        Assert.Equal(
            [
                new VolumeGroupInfo("files", "directory", "storage", "/srv/files", 1000, 400, true),
                new VolumeGroupInfo("vg", "lvm", "storage", "volume group vg", 0, 0, false, "it is not there"),
            ], await client.ListVolumeGroupsAsync(default));
        Assert.Equal("there", (await client.AddVolumeGroupAsync(new AddVolumeGroupRequest("new", "lvm", ThinPool: "p"), default)).Place);
        await client.RemoveVolumeGroupAsync("new", default);
        Assert.Equal(["add new Lvm  p", "remove new"], _pool.Storage.Volumes.Asked);
        foreach (var wrong in new AddVolumeGroupRequest[] { new("a", "zfs"), new("a", "directory"), new("a", "directory", "relative"), new("a", "lvm", "/srv"), new("a", "directory", "/srv", "p") })
            Assert.Equal("bad-group", (await Assert.ThrowsAsync<ApiException>(() => client.AddVolumeGroupAsync(wrong, default))).Code);

        var check = await client.CheckDiskAsync(new CheckDiskRequest("vg/a"), default);
        Assert.Equal((512, true), (check.SizeBytes, check.Fenced));
        Assert.Null((await client.CheckDiskAsync(new CheckDiskRequest("nbd://h/a"), default)).SizeBytes);
        Assert.Equal("no-such-disk", (await Assert.ThrowsAsync<ApiException>(() => client.CheckDiskAsync(new CheckDiskRequest("vg/none"), default))).Code);
    }

    private static async Task<JobResult> EndAsync(GodwitClient storage, JobInfo job) =>
        (await storage.JobEventsAsync(job.Id, default).LastAsync()).Result!;
}
