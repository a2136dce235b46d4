using System.Text.Json;
using Godwit.Api;

namespace Godwit.Cli.Tests.Commands;

/// <summary>Commands against a daemon, from the words to the exit code.</summary>
public sealed class DomainCommandTests
{
    [Fact]
    public async Task List_prints_a_table()
    {
        await using var daemon = (await FakeDaemon.StartAsync()).On("GET /v1/domains", [Samples.Domain()], GodwitJson.Default.ImmutableArrayDomainInfo);
        using var around = new TestSurroundings();
        Assert.Equal(ExitCode.Success, await around.RunAsync("list", "--socket", daemon.Socket));
        Assert.Contains("vm1                       resource-1         256      1  running         12.3  tcg\n", around.Out, StringComparison.Ordinal);
        Assert.Empty(around.Error);
    }

    [Fact]
    public async Task List_prints_json_with_the_names_of_the_api()
    {
        await using var daemon = (await FakeDaemon.StartAsync()).On("GET /v1/domains", [Samples.Domain()], GodwitJson.Default.ImmutableArrayDomainInfo);
        using var around = new TestSurroundings(environment: new() { ["GODWIT_SOCKET"] = daemon.Socket });
        Assert.Equal(ExitCode.Success, await around.RunAsync("list", "--json"));
        var domain = JsonDocument.Parse(around.Out).RootElement[0];
        Assert.Equal("vm1", domain.GetProperty("name").GetString());
        Assert.Equal(256, domain.GetProperty("memoryMiB").GetInt32());
    }

    [Theory]
    [InlineData("reboot")]
    [InlineData("destroy")]
    [InlineData("pause")]
    [InlineData("unpause")]
    [InlineData("shutdown")]
    public async Task A_verb_asks_for_itself(string verb)
    {
        await using var daemon = (await FakeDaemon.StartAsync()).On($"POST /v1/domains/vm1/{verb}", _ => Task.CompletedTask);
        using var around = new TestSurroundings();
        Assert.Equal(ExitCode.Success, await around.RunAsync(verb, "vm1", "--socket", daemon.Socket));
        Assert.Equal($"POST /v1/domains/vm1/{verb}", Assert.Single(daemon.Asked));
        Assert.Empty(around.Out + around.Error);
    }

    [Fact]
    public async Task A_refusal_is_printed_with_its_remedy()
    {
        await using var daemon = (await FakeDaemon.StartAsync())
            .Refuses("POST /v1/domains/vm2/pause", new ApiError("no-such-domain", "there is no domain vm2", "did you mean vm1?"), 404);
        using var around = new TestSurroundings();
        Assert.Equal(ExitCode.Failed, await around.RunAsync("pause", "vm2", "--socket", daemon.Socket));
        Assert.Equal("godwit: there is no domain vm2\n  did you mean vm1?\n", around.Error);
    }

    [Fact]
    public async Task A_refusal_in_json_is_the_error_of_the_api()
    {
        await using var daemon = (await FakeDaemon.StartAsync())
            .Refuses("POST /v1/domains/vm2/pause", new ApiError("no-such-domain", "there is no domain vm2"), 404);
        using var around = new TestSurroundings();
        Assert.Equal(ExitCode.Failed, await around.RunAsync("pause", "vm2", "--json", "--socket", daemon.Socket));
        Assert.Equal("""{"code":"no-such-domain","message":"there is no domain vm2"}""" + "\n", around.Error);
        Assert.Empty(around.Out);
    }

    [Fact]
    public async Task Without_a_daemon_the_code_is_3()
    {
        using var around = new TestSurroundings();
        Assert.Equal(ExitCode.NoDaemon, await around.RunAsync("list", "--socket", "/nonexistent/godwitd.sock"));
        Assert.StartsWith("godwit: no godwitd answers", around.Error, StringComparison.Ordinal);
        Assert.Contains("\n  systemctl start godwitd", around.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Shutdown_with_wait_returns_when_the_domain_is_gone()
    {
        var looks = 0;
        await using var daemon = await FakeDaemon.StartAsync();
        daemon.On("POST /v1/domains/vm1/shutdown", _ => Task.CompletedTask)
            .On("GET /v1/domains", context => Microsoft.AspNetCore.Http.HttpResponseWritingExtensions.WriteAsync(context.Response,
                JsonSerializer.Serialize(looks++ < 2 ? [Samples.Domain()] : [], GodwitJson.Default.ImmutableArrayDomainInfo)));
        using var around = new TestSurroundings();
        Assert.Equal(ExitCode.Success, await around.RunAsync("shutdown", "-w", "vm1", "--socket", daemon.Socket));
        Assert.Equal(3, looks);
    }

    [Fact]
    public async Task Shutdown_does_not_wait_longer_than_it_is_told()
    {
        await using var daemon = await FakeDaemon.StartAsync();
        daemon.On("POST /v1/domains/vm1/shutdown", _ => Task.CompletedTask)
            .On("GET /v1/domains", [Samples.Domain()], GodwitJson.Default.ImmutableArrayDomainInfo);
        using var around = new TestSurroundings();
        Assert.Equal(ExitCode.Interrupted, await around.RunAsync("shutdown", "-w", "--timeout", "1", "vm1", "--socket", daemon.Socket));
        Assert.Equal("godwit: vm1 has not shut down within 1 s\n  godwit destroy vm1 ends it at once\n", around.Error);
    }

    [Fact]
    public async Task An_interrupt_ends_a_command_that_waits()
    {
        await using var daemon = await FakeDaemon.StartAsync();
        daemon.On("POST /v1/domains/vm1/shutdown", _ => Task.CompletedTask)
            .On("GET /v1/domains", [Samples.Domain()], GodwitJson.Default.ImmutableArrayDomainInfo);
        using var around = new TestSurroundings();
        var run = around.RunAsync("shutdown", "-w", "vm1", "--socket", daemon.Socket);
        while (daemon.Asked.Count < 2) await Task.Delay(10);
        around.Interrupts.Raise();
        Assert.Equal(ExitCode.Interrupted, await run.WaitAsync(TimeSpan.FromSeconds(10)));
        Assert.Equal("godwit: interrupted\n", around.Error);
    }
}
