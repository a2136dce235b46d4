using System.Text.Json;
using Godwit.Api;
using Microsoft.AspNetCore.Http;

namespace Godwit.Cli.Tests.Commands;

/// <summary>Commands on volumes that take long.</summary>
public sealed class VolumeWorkTests
{
    private static readonly Guid s_id = new("4f1c2d3e-0000-4000-8000-000000000002");

    /// <summary>A daemon that answers a request with a job, tells how it goes, and has the volume afterwards.</summary>
    private static async Task<FakeDaemon> BeginAsync(string route, string kind, string subject, Func<HttpContext, Task> events) =>
        (await FakeDaemon.StartAsync())
            .On(route, new JobInfo { Id = s_id, Kind = kind, Subject = subject, Host = "storage", AgeSeconds = 0, Now = At(0) }, GodwitJson.Default.JobInfo)
            .On($"GET /v1/jobs/{s_id}/events", events)
            .On($"GET /v1/volumes/{subject}", new VolumeDetails("vg_xen/copy", 8 << 20, "storage", 0, 2, [], []), GodwitJson.Default.VolumeDetails);

    private static JobEvent At(double share, double? left = null) => new() { Step = "copying vg_xen/golden", Share = share, ExpectedSeconds = left };

    private static JobEvent Ended(ApiError? error = null, params string[] notes) =>
        At(1) with { Result = new JobResult { Error = error, Products = error is null ? ["vg_xen/copy"] : [], Notes = [.. notes] } };

    private static Func<HttpContext, Task> Events(params JobEvent[] events) => async context =>
    {
        foreach (var e in events)
        {
            await context.Response.WriteAsync(JsonSerializer.Serialize(e, GodwitJson.Default.JobEvent) + "\n");
            await context.Response.Body.FlushAsync();
        }
    };

    [Fact]
    public async Task A_clone_shows_how_far_it_is_and_when_it_ends()
    {
        await using var daemon = await BeginAsync("POST /v1/volumes/vg_xen/golden/copies", "volume-copy", "vg_xen/copy", Events(At(0.25, 30), Ended()));
        using var around = new TestSurroundings();
        Assert.Equal(ExitCode.Success, await around.RunAsync("volume", "clone", "vg_xen/golden", "vg_xen/copy", "-L", "8m", "--socket", daemon.Socket));
        Assert.Equal("copying vg_xen/golden, 25 %, about 30.0 s left\nvg_xen/copy: 8.0 MiB on storage, exported as e0.2\n", around.Out);
        Assert.Empty(around.Error);
        Assert.Equal("""POST /v1/volumes/vg_xen/golden/copies {"name":"vg_xen/copy","sizeBytes":8388608}""", daemon.Asked.First());
    }

    [Fact]
    public async Task A_snapshot_is_a_volume_of_the_same_group_and_json_has_the_result_alone()
    {
        await using var daemon = await BeginAsync("POST /v1/volumes/vg_xen/lv_vm1/copies", "volume-copy", "vg_xen/copy", Events(At(0.5), Ended()));
        using var around = new TestSurroundings();
        Assert.Equal(ExitCode.Success, await around.RunAsync("volume", "snapshot", "vg_xen/lv_vm1", "copy", "--json", "--socket", daemon.Socket));
        Assert.Equal("", around.Error);
        Assert.Equal(new VolumeInfo("vg_xen/copy", 8 << 20, "storage", 0, 2), JsonSerializer.Deserialize(around.Out, GodwitJson.Default.VolumeInfo));
        Assert.Equal("""POST /v1/volumes/vg_xen/lv_vm1/copies {"name":"vg_xen/copy"}""", daemon.Asked.First());
    }

    [Fact]
    public async Task A_host_that_could_not_be_told_of_a_resize_is_named()
    {
        await using var daemon = await BeginAsync(
            "POST /v1/volumes/vg_xen/copy/resize", "volume-resize", "vg_xen/copy", Events(Ended(null, "resource-1 goes on with the former size")));
        using var around = new TestSurroundings();
        Assert.Equal(ExitCode.Success, await around.RunAsync("volume", "resize", "vg_xen/copy", "--size", "8m", "--shrink", "--socket", daemon.Socket));
        Assert.Equal("godwit: resource-1 goes on with the former size\n", around.Error);
        Assert.Equal("vg_xen/copy: 8.0 MiB\n", around.Out);
        Assert.Equal("""POST /v1/volumes/vg_xen/copy/resize {"sizeBytes":8388608,"shrink":true}""", daemon.Asked.First());
    }

    [Fact]
    public async Task Work_that_fails_in_the_middle_is_a_failure()
    {
        await using var daemon = await BeginAsync(
            "POST /v1/volumes/vg_xen/a/export", "volume-export", "vg_xen/a", Events(At(0.5), Ended(new ApiError("copy-failed", "It vanished.", "See the log."))));
        using var around = new TestSurroundings();
        Assert.Equal(ExitCode.Failed, await around.RunAsync("volume", "export", "vg_xen/a", "/srv/a.img", "--socket", daemon.Socket));
        Assert.Equal("godwit: It vanished.\n  See the log.\n", around.Error);
        Assert.Equal("""POST /v1/volumes/vg_xen/a/export {"file":"/srv/a.img","format":"raw"}""", daemon.Asked.First());
        Assert.Equal(ExitCode.Usage, await around.RunAsync("volume", "export", "vg_xen/b", "/srv/a.img", "--format", "vmdk", "--socket", daemon.Socket));
    }

    [Fact]
    public async Task Ctrl_C_cancels_a_clone_and_waits_until_it_is_undone()
    {
        var cancelled = new TaskCompletionSource();
        using var around = new TestSurroundings();
        await using var daemon = await BeginAsync("POST /v1/volumes/vg_xen/golden/copies", "volume-copy", "vg_xen/copy", async context =>
        {
            await Events(At(0.25, 30))(context);
            around.Interrupts.Raise();
            await cancelled.Task;
            await Events(Ended(new ApiError(JobResult.Cancelled, "The volume-copy of vg_xen/copy was cancelled; what it had done is undone.")))(context);
        });
        daemon.On($"POST /v1/jobs/{s_id}/cancel", _ => { cancelled.SetResult(); return Task.CompletedTask; });
        Assert.Equal(ExitCode.Interrupted, await around.RunAsync("volume", "clone", "vg_xen/golden", "vg_xen/copy", "--socket", daemon.Socket));
        Assert.EndsWith("was cancelled; what it had done is undone.\n", around.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("exported as", around.Out, StringComparison.Ordinal);
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
