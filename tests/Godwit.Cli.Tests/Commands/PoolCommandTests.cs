using System.Text.Json;
using Godwit.Api;

namespace Godwit.Cli.Tests.Commands;

public sealed class PoolCommandTests
{
    private static readonly PoolInfo Pool = new("godwit", "resource-1", "storage", "00ff");

    [Fact]
    public async Task A_token_is_printed_alone_so_that_a_script_can_take_it()
    {
        await using var daemon = (await FakeDaemon.StartAsync())
            .On("POST /v1/pool/tokens", new PoolToken("secret", Samples.Noon), GodwitJson.Default.PoolToken);
        using var around = new TestSurroundings();
        Assert.Equal(ExitCode.Success, await around.RunAsync("pool", "token", "--socket", daemon.Socket));
        Assert.Equal("secret\n", around.Out);
    }

    [Fact]
    public async Task Joining_sends_the_member_and_the_token()
    {
        await using var daemon = (await FakeDaemon.StartAsync()).On("POST /v1/pool/join", Pool, GodwitJson.Default.PoolInfo);
        using var around = new TestSurroundings();
        Assert.Equal(ExitCode.Success, await around.RunAsync("pool", "join", "storage:8002", "--token", "secret", "--socket", daemon.Socket));
        var request = JsonDocument.Parse(Assert.Single(daemon.Asked)["POST /v1/pool/join ".Length..]).RootElement;
        Assert.Equal("storage:8002", request.GetProperty("member").GetString());
        Assert.Equal("secret", request.GetProperty("token").GetString());
        Assert.Equal(
            """
            pool          godwit
            this host     resource-1
            registry      storage
            authority     sha256:00ff

            """, around.Out);
    }

    [Fact]
    public async Task A_volume_is_made_with_its_size_in_bytes()
    {
        await using var daemon = (await FakeDaemon.StartAsync())
            .On("POST /v1/volumes", new VolumeInfo("vg_xen/lv_vm1", 5368709120, "storage", 0, 0), GodwitJson.Default.VolumeInfo);
        using var around = new TestSurroundings();
        Assert.Equal(ExitCode.Success, await around.RunAsync("volume", "create", "vg_xen/lv_vm1", "-L", "5g", "--socket", daemon.Socket));
        Assert.Equal("vg_xen/lv_vm1: 5.00 GiB on storage, exported as e0.0\n", around.Out);
        Assert.Equal("""POST /v1/volumes {"name":"vg_xen/lv_vm1","sizeBytes":5368709120}""", Assert.Single(daemon.Asked));
    }

    [Fact]
    public async Task A_volume_is_shown_with_who_uses_it()
    {
        await using var daemon = (await FakeDaemon.StartAsync()).On("GET /v1/volumes/vg_xen/lv_vm1",
            new VolumeDetails("vg_xen/lv_vm1", 5368709120, "storage", 0, 3, ["vm1"], ["resource-1 (its writer)", "resource-2"]), GodwitJson.Default.VolumeDetails);
        using var around = new TestSurroundings();
        Assert.Equal(ExitCode.Success, await around.RunAsync("volume", "show", "vg_xen/lv_vm1", "--socket", daemon.Socket));
        Assert.Equal(
            """
            name          vg_xen/lv_vm1
            size          5.00 GiB
            storage       storage, exported as e0.3
            domains       vm1
            hosts         resource-1 (its writer), resource-2

            """, around.Out);
    }

    [Fact]
    public async Task A_volume_that_is_used_is_not_deleted()
    {
        await using var daemon = (await FakeDaemon.StartAsync())
            .Refuses("DELETE /v1/volumes/vg_xen/lv_vm1", new ApiError("volume-in-use", "vg_xen/lv_vm1 is a disk of vm1.", "Destroy what uses it."));
        using var around = new TestSurroundings();
        Assert.Equal(ExitCode.Failed, await around.RunAsync("volume", "delete", "vg_xen/lv_vm1", "--socket", daemon.Socket));
        Assert.Equal("godwit: vg_xen/lv_vm1 is a disk of vm1.\n  Destroy what uses it.\n", around.Error);
        daemon.On("DELETE /v1/volumes/vg_xen/lv_vm1", context => { context.Response.StatusCode = 204; return Task.CompletedTask; });
        Assert.Equal(ExitCode.Success, await around.RunAsync("volume", "delete", "vg_xen/lv_vm1", "--socket", daemon.Socket));
        Assert.NotEqual(ExitCode.Success, await around.RunAsync("volume", "delete", "lv_vm1", "--socket", daemon.Socket));
        Assert.Equal(2, daemon.Asked.Count);
    }

    [Fact]
    public async Task Another_host_is_named_to_the_daemon_that_hands_on()
    {
        string? target = null;
        await using var daemon = await FakeDaemon.StartAsync();
        daemon.On("POST /v1/domains/vm1/pause", context =>
        {
            target = context.Request.Headers[ApiHeaders.TargetHost];
            return Task.CompletedTask;
        });
        using var around = new TestSurroundings();
        Assert.Equal(ExitCode.Success, await around.RunAsync("--host", "resource-2", "pause", "vm1", "--socket", daemon.Socket));
        Assert.Equal("resource-2", target);
    }
}
