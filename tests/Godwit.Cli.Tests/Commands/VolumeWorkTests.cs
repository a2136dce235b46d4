using System.Text.Json;
using Godwit.Api;
using Microsoft.AspNetCore.Http;

namespace Godwit.Cli.Tests.Commands;

/// <summary>Commands on volumes whose answers come bit by bit.</summary>
public sealed class VolumeWorkTests
{
    private static readonly VolumeInfo s_copy = new("vg_xen/copy", 8 << 20, "storage", 0, 2);

    private static Func<HttpContext, Task> Lines(params VolumeWork[] lines) => async context =>
    {
        foreach (var line in lines)
        {
            await context.Response.WriteAsync(JsonSerializer.Serialize(line, GodwitJson.Default.VolumeWork) + "\n");
            await context.Response.Body.FlushAsync();
        }
    };

    [Fact]
    public async Task A_clone_shows_how_far_it_is_and_when_it_ends()
    {
        await using var daemon = (await FakeDaemon.StartAsync()).On("POST /v1/volumes/vg_xen/golden/copies",
            Lines(new VolumeWork { DoneBytes = 2 << 20, TotalBytes = 8 << 20, ExpectedSeconds = 30 }, new VolumeWork { Volume = s_copy }));
        using var around = new TestSurroundings();
        Assert.Equal(ExitCode.Success, await around.RunAsync("volume", "clone", "vg_xen/golden", "vg_xen/copy", "-L", "8m", "--socket", daemon.Socket));
        Assert.Equal(" 25 %  2.0 MiB of 8.0 MiB, 30.0 s to go\n", around.Error);
        Assert.Equal("vg_xen/copy: 8.0 MiB on storage, exported as e0.2\n", around.Out);
        Assert.Equal("""POST /v1/volumes/vg_xen/golden/copies {"name":"vg_xen/copy","sizeBytes":8388608}""", Assert.Single(daemon.Asked));
    }

    [Fact]
    public async Task A_snapshot_is_a_volume_of_the_same_group_and_json_has_the_result_alone()
    {
        await using var daemon = (await FakeDaemon.StartAsync()).On("POST /v1/volumes/vg_xen/lv_vm1/copies",
            Lines(new VolumeWork { DoneBytes = 1, TotalBytes = 2 }, new VolumeWork { Volume = s_copy }));
        using var around = new TestSurroundings();
        Assert.Equal(ExitCode.Success, await around.RunAsync("volume", "snapshot", "vg_xen/lv_vm1", "copy", "--json", "--socket", daemon.Socket));
        Assert.Equal("", around.Error);
        Assert.Equal("vg_xen/copy", JsonDocument.Parse(around.Out).RootElement.GetProperty("name").GetString());
        Assert.Equal("""POST /v1/volumes/vg_xen/lv_vm1/copies {"name":"vg_xen/copy"}""", Assert.Single(daemon.Asked));
    }

    [Fact]
    public async Task A_host_that_could_not_be_told_of_a_resize_is_named()
    {
        await using var daemon = (await FakeDaemon.StartAsync()).On("POST /v1/volumes/vg_xen/copy/resize",
            Lines(new VolumeWork { Volume = s_copy, Notes = ["resource-1 goes on with the former size"] }));
        using var around = new TestSurroundings();
        Assert.Equal(ExitCode.Success, await around.RunAsync("volume", "resize", "vg_xen/copy", "--size", "8m", "--shrink", "--socket", daemon.Socket));
        Assert.Equal("godwit: resource-1 goes on with the former size\n", around.Error);
        Assert.Equal("vg_xen/copy: 8.0 MiB\n", around.Out);
        Assert.Equal("""POST /v1/volumes/vg_xen/copy/resize {"sizeBytes":8388608,"shrink":true}""", Assert.Single(daemon.Asked));
    }

    [Fact]
    public async Task Work_that_fails_in_the_middle_or_whose_daemon_ends_is_a_failure()
    {
        await using var daemon = (await FakeDaemon.StartAsync())
            .On("POST /v1/volumes/vg_xen/a/export", Lines(new VolumeWork { DoneBytes = 1, TotalBytes = 2 }, new VolumeWork { Error = new ApiError("copy-failed", "It vanished.", "See the log.") }))
            .On("POST /v1/volumes/vg_xen/b/export", Lines(new VolumeWork { DoneBytes = 1, TotalBytes = 2 }));
        using var around = new TestSurroundings();
        Assert.Equal(ExitCode.Failed, await around.RunAsync("volume", "export", "vg_xen/a", "/srv/a.img", "--socket", daemon.Socket));
        Assert.EndsWith("godwit: It vanished.\n  See the log.\n", around.Error, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Failed, await around.RunAsync("volume", "export", "vg_xen/b", "/srv/a.img", "--format", "qcow2", "--socket", daemon.Socket));
        Assert.Contains("ended before the work was done", around.Error);
        Assert.Equal("""POST /v1/volumes/vg_xen/b/export {"file":"/srv/a.img","format":"qcow2"}""", daemon.Asked.Last());
        Assert.Equal(ExitCode.Usage, await around.RunAsync("volume", "export", "vg_xen/b", "/srv/a.img", "--format", "vmdk", "--socket", daemon.Socket));
    }

    [Fact]
    public async Task A_target_is_checked()
    {
        await using var daemon = (await FakeDaemon.StartAsync()).On("POST /v1/disk-check",
            new DiskCheck("rbd:pool/vm1", "an image of Ceph", false, "Nothing does.", Advice: "Take care."), GodwitJson.Default.DiskCheck);
        using var around = new TestSurroundings();
        Assert.Equal(ExitCode.Success, await around.RunAsync("volume", "check", "rbd:pool/vm1", "--socket", daemon.Socket));
        Assert.Equal(
            """
            target        rbd:pool/vm1
            kind          an image of Ceph
            size          known to the engine alone
            fenced        no
            how           Nothing does.
            advice        Take care.

            """, around.Out);
    }

    [Fact]
    public async Task Groups_are_added_listed_and_removed()
    {
        var group = new VolumeGroupInfo("vg_xen", "lvm", "storage", "thin pool vg_xen/pool0", 8L << 30, 6L << 30, false);
        await using var daemon = (await FakeDaemon.StartAsync())
            .On("POST /v1/volume-groups", group, GodwitJson.Default.VolumeGroupInfo)
            .On("GET /v1/volume-groups", [group, new VolumeGroupInfo("gone", "lvm", "storage", "volume group gone", 0, 0, true, "it is not there")], GodwitJson.Default.ImmutableArrayVolumeGroupInfo)
            .On("DELETE /v1/volume-groups/vg_xen", context => { context.Response.StatusCode = 204; return Task.CompletedTask; });
        using var around = new TestSurroundings();
        Assert.Equal(ExitCode.Success, await around.RunAsync("volume", "group", "add", "vg_xen", "--thin-pool", "pool0", "--socket", daemon.Socket));
        Assert.Equal("vg_xen: thin pool vg_xen/pool0 on storage, 6.00 GiB of 8.00 GiB free\n", around.Out);
        Assert.Equal("""POST /v1/volume-groups {"name":"vg_xen","kind":"lvm","thinPool":"pool0"}""", Assert.Single(daemon.Asked));
        Assert.Equal(ExitCode.Success, await around.RunAsync("volume", "group", "add", "files", "--path", "/srv/files", "--socket", daemon.Socket));
        Assert.Equal("""POST /v1/volume-groups {"name":"files","kind":"directory","path":"/srv/files"}""", daemon.Asked.Last());
        Assert.Equal(ExitCode.Usage, await around.RunAsync("volume", "group", "add", "files", "--path", "/srv/files", "--lvm", "--socket", daemon.Socket));
        Assert.Equal(ExitCode.Usage, await around.RunAsync("volume", "group", "add", "files", "--socket", daemon.Socket));
        Assert.Equal(ExitCode.Success, await around.RunAsync("volume", "group", "list", "--socket", daemon.Socket));
        Assert.Contains("volume group gone: it is not there", around.Out);
        Assert.Equal(ExitCode.Success, await around.RunAsync("volume", "group", "remove", "vg_xen", "--socket", daemon.Socket));
    }
}
