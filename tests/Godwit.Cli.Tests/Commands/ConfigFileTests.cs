using System.Text.Json;
using Godwit.Api;

namespace Godwit.Cli.Tests.Commands;

/// <summary>Configuration files on the way through <c>config check</c> and <c>create</c>.</summary>
public sealed class ConfigFileTests : IDisposable
{
    private const string Article =
        """
        # -*- mode: python; -*-
        name = "vm1"
        memory = 256
        kernel = "/boot/vmlinuz-xen"
        ramdisk = "/boot/initrd-xen"
        root = "/dev/hda1"
        extra = "3"
        vif = [ 'mac=aa:cc:00:00:00:01, bridge=xenbr0' ]
        hostname = name
        disk = [ 'phy:xen/lv_vm1,hda1,w' ]

        """;

    private readonly string _path = Path.GetTempFileName();

    public void Dispose() => File.Delete(_path);

    [Fact]
    public async Task Check_shows_what_the_articles_file_means()
    {
        File.WriteAllText(_path, Article);
        using var around = new TestSurroundings();
        Assert.Equal(ExitCode.Success, await around.RunAsync("config", "check", _path));
        Assert.Contains("root          /dev/hda1 -> /dev/vda, as the guest names it\n", around.Out, StringComparison.Ordinal);
        Assert.Contains("disk[0]       xen/lv_vm1 as hda1, raw, read-write -> /dev/vda\n", around.Out, StringComparison.Ordinal);
        Assert.Contains("vif[0]        aa:cc:00:00:00:01 on xenbr0\n", around.Out, StringComparison.Ordinal);
        Assert.DoesNotContain(": error: ", around.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check_tells_all_errors_of_a_file_at_once()
    {
        File.WriteAllText(_path, "name = \"vm1\"\nmemory = \"lots\"\nmemroy = 1\nroot = nowhere\n");
        using var around = new TestSurroundings();
        Assert.Equal(ExitCode.Failed, await around.RunAsync("config", "check", _path));
        Assert.Contains($"{_path}:2:", around.Error, StringComparison.Ordinal);
        Assert.Contains($"{_path}:3:1: warning: ", around.Error, StringComparison.Ordinal);
        Assert.Contains("memory", around.Error, StringComparison.Ordinal);
        Assert.Contains($"{_path}:4:8: error: ", around.Error, StringComparison.Ordinal);
        Assert.Contains("    root = nowhere\n           ^~~~~~~\n", around.Error, StringComparison.Ordinal);
        Assert.Empty(around.Out);
    }

    [Fact]
    public async Task Check_in_json_is_for_editors()
    {
        File.WriteAllText(_path, Article + "root = nowhere\n");
        using var around = new TestSurroundings();
        Assert.Equal(ExitCode.Failed, await around.RunAsync("config", "check", _path, "--json"));
        var report = JsonDocument.Parse(around.Out).RootElement;
        Assert.False(report.GetProperty("ok").GetBoolean());
        Assert.Contains(report.GetProperty("findings").EnumerateArray(), f =>
            f.GetProperty("severity").GetString() == "error" && f.GetProperty("line").GetInt32() == 11 && f.GetProperty("column").GetInt32() == 8);
        Assert.Empty(around.Error);
    }

    [Fact]
    public async Task A_file_that_is_not_there_says_where_it_was_looked_for()
    {
        using var around = new TestSurroundings();
        Assert.Equal(ExitCode.Failed, await around.RunAsync("config", "check", "no-such-domain-file"));
        Assert.Equal("godwit: there is no configuration file no-such-domain-file\n  /etc/xen/no-such-domain-file and /etc/xen/vm/no-such-domain-file are not there either\n", around.Error);
    }

    [Fact]
    public async Task Create_asks_no_daemon_when_the_file_has_errors()
    {
        File.WriteAllText(_path, "name = vm1\n");
        await using var daemon = await FakeDaemon.StartAsync();
        using var around = new TestSurroundings();
        Assert.Equal(ExitCode.Failed, await around.RunAsync("create", _path, "--socket", daemon.Socket));
        Assert.Contains($"{_path}:1:8: error: ", around.Error, StringComparison.Ordinal);
        Assert.Empty(daemon.Asked);
    }

    [Fact]
    public async Task Create_sends_what_was_understood()
    {
        File.WriteAllText(_path, Article);
        await using var daemon = (await FakeDaemon.StartAsync()).On("POST /v1/domains", Samples.Domain(), GodwitJson.Default.DomainInfo);
        using var around = new TestSurroundings();
        Assert.Equal(ExitCode.Success, await around.RunAsync("create", _path, "--paused", "--socket", daemon.Socket));
        Assert.Equal("vm1 is running on resource-1\n", around.Out);
        var request = JsonDocument.Parse(Assert.Single(daemon.Asked)["POST /v1/domains ".Length..]).RootElement;
        Assert.True(request.GetProperty("paused").GetBoolean());
        Assert.Equal("xen/lv_vm1", request.GetProperty("spec").GetProperty("disks")[0].GetProperty("target").GetString());
    }

    [Fact]
    public async Task Create_says_which_disks_have_no_fence()
    {
        File.WriteAllText(_path, Article);
        await using var daemon = (await FakeDaemon.StartAsync())
            .On("POST /v1/domains", Samples.Domain() with { UnfencedDisks = ["/dev/sdb"] }, GodwitJson.Default.DomainInfo);
        using (var around = new TestSurroundings())
        {
            Assert.Equal(ExitCode.Success, await around.RunAsync("create", _path, "--unfenced", "--socket", daemon.Socket));
            Assert.EndsWith("godwit: unfenced: /dev/sdb: no other host can be kept from writing to it\n", around.Error, StringComparison.Ordinal);
            Assert.Contains("\"unfenced\":true", Assert.Single(daemon.Asked), StringComparison.Ordinal);
        }
        using var json = new TestSurroundings();
        Assert.Equal(ExitCode.Success, await json.RunAsync("create", _path, "--unfenced", "--json", "--socket", daemon.Socket));
        Assert.Equal("/dev/sdb", JsonDocument.Parse(json.Out).RootElement.GetProperty("unfencedDisks")[0].GetString());
        Assert.Empty(json.Error);
    }

    [Fact]
    public async Task A_disk_that_the_daemon_refuses_is_shown_in_the_file()
    {
        File.WriteAllText(_path, Article);
        await using var daemon = (await FakeDaemon.StartAsync()).Refuses("POST /v1/domains",
            new ApiError("no-such-disk", "no such device /dev/xen/lv_vm1", "did you mean vg_xen/lv_vm1?", "disk[0]"));
        using var around = new TestSurroundings();
        Assert.Equal(ExitCode.Failed, await around.RunAsync("create", _path, "--socket", daemon.Socket));
        Assert.EndsWith(
            $"""
            {_path}:10:10: error: no such device /dev/xen/lv_vm1
                disk = [ 'phy:xen/lv_vm1,hda1,w' ]
                         ^~~~~~~~~~~~~~~~~~~~~~~
              did you mean vg_xen/lv_vm1?

            """, around.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refusal_about_nothing_in_the_file_is_printed_as_any_other()
    {
        File.WriteAllText(_path, Article);
        await using var daemon = (await FakeDaemon.StartAsync()).Refuses("POST /v1/domains", new ApiError("domain-exists", "vm1 runs on resource-2"));
        using var around = new TestSurroundings();
        Assert.Equal(ExitCode.Failed, await around.RunAsync("create", _path, "--socket", daemon.Socket));
        Assert.EndsWith("godwit: vm1 runs on resource-2\n", around.Error, StringComparison.Ordinal);
    }
}
