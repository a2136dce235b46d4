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
        var lines = new List<VolumeWork>();
        await foreach (var line in client.CopyVolumeAsync("vg", "a", new CopyVolumeRequest("vg/b", 4), default))
        {
            lines.Add(line);
            ends.TrySetResult();
        }
        Assert.Equal((1, 4, null), (lines[0].DoneBytes, lines[0].TotalBytes, lines[0].Volume));
        Assert.NotNull(lines[0].ExpectedSeconds);
        Assert.Equal("vg/b", lines[^1].Volume!.Name);
        Assert.Equal("copy vg/a vg/b 4", Assert.Single(_pool.Storage.Volumes.Asked));
    }

    [Fact]
    public async Task Who_goes_away_gives_it_up()
    {
        _pool.Storage.Volumes.CopyEnds = new TaskCompletionSource().Task;
        using var client = _pool.First.Client();
        using var stop = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var line in client.CopyVolumeAsync("vg", "a", new CopyVolumeRequest("vg/b"), stop.Token))
                await stop.CancelAsync();
        });
        for (var i = 0; i < 400 && _pool.Storage.Volumes.Asked.Count < 2; i++)
            await Task.Delay(50);
        Assert.Equal(["copy vg/a vg/b ", "copy given up"], _pool.Storage.Volumes.Asked);
    }

    [Fact]
    public async Task It_fails_in_the_middle_with_its_error_and_before_as_any_request()
    {
        var ends = new TaskCompletionSource();
        _pool.Storage.Volumes.CopyEnds = ends.Task;
        using var client = _pool.First.Client();
        VolumeWork? last = null;
        await foreach (var line in client.CopyVolumeAsync("vg", "a", new CopyVolumeRequest("vg/b"), default))
        {
            last = line;
            ends.TrySetException(new GodwitException("copy-failed", "The disk vanished.", "See the log."));
        }
        Assert.Equal(new ApiError("copy-failed", "The disk vanished.", "See the log."), last!.Error);
        foreach (var (name, code) in new[] { ("a/b/c", "bad-volume-name"), ("a\nb", "bad-volume-name"), ("vg/a\n", "bad-volume-name") })
        {
            var refused = await Assert.ThrowsAsync<ApiException>(async () =>
            {
                await foreach (var line in client.CopyVolumeAsync("vg", "a", new CopyVolumeRequest(name), default))
                    Assert.Fail($"{line}");
            });
            Assert.Equal(code, refused.Code);
        }
    }

    [Fact]
    public async Task A_resize_and_an_export_reach_the_host_of_the_volume()
    {
        using var client = _pool.Second.Client();
        await foreach (var line in client.ResizeVolumeAsync("vg", "a", new ResizeVolumeRequest(1024, Shrink: true), default))
            Assert.Equal((1024, "resource-2 goes on with the former size"), (line.Volume!.SizeBytes, Assert.Single(line.Notes)));
        await foreach (var line in client.ExportVolumeAsync("vg", "a", new ExportVolumeRequest("/srv/a.img", "qcow2"), default))
            Assert.Equal("vg/a", line.Volume!.Name);
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
}
