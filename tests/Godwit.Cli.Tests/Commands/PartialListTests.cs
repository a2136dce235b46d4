using System.Text.Json;
using Godwit.Api;
using Microsoft.AspNetCore.Http;

namespace Godwit.Cli.Tests.Commands;

/// <summary>Lists that were made while the registry was away.</summary>
public sealed class PartialListTests
{
    private const string Away = "The registry at storage (10.9.0.1:8002) is away: no route. resource-2 does not answer.";

    [Theory]
    [InlineData("list")]
    [InlineData("migration list")]
    public async Task What_is_known_is_shown_and_what_may_lack_is_said(string command)
    {
        await using var daemon = await DaemonAsync();
        using var around = new TestSurroundings();
        Assert.Equal(ExitCode.Partial, await around.RunAsync([.. command.Split(' '), "--socket", daemon.Socket]));
        Assert.Contains("vm1 ", around.Out, StringComparison.Ordinal);
        Assert.Equal($"godwit: {Away}\n", around.Error);

        using var json = new TestSurroundings();
        Assert.Equal(ExitCode.Partial, await json.RunAsync([.. command.Split(' '), "--json", "--socket", daemon.Socket]));
        Assert.Equal(1, JsonDocument.Parse(json.Out).RootElement.GetArrayLength());
        var error = JsonDocument.Parse(json.Error).RootElement;
        Assert.Equal(("registry-unavailable", Away), (error.GetProperty("code").GetString(), error.GetProperty("message").GetString()));
    }

    [Fact]
    public async Task A_domain_that_is_not_in_it_has_not_shut_down()
    {
        await using var daemon = await DaemonAsync();
        daemon.On("POST /v1/domains/vm2/shutdown", _ => Task.CompletedTask);
        using var around = new TestSurroundings();
        Assert.Equal(ExitCode.Failed, await around.RunAsync("shutdown", "-w", "vm2", "--socket", daemon.Socket));
        Assert.Equal($"godwit: {Away}\n", around.Error);
    }

    private static async Task<FakeDaemon> DaemonAsync() => (await FakeDaemon.StartAsync())
        .On("GET /v1/domains", context => WriteAsync(context, JsonSerializer.Serialize([Samples.Domain()], GodwitJson.Default.ImmutableArrayDomainInfo)))
        .On("GET /v1/migrations", context => WriteAsync(context, JsonSerializer.Serialize([Samples.Migration()], GodwitJson.Default.ImmutableArrayMigrationInfo)));

    private static Task WriteAsync(HttpContext context, string json)
    {
        context.Response.Headers[ApiHeaders.RegistryAway] = Uri.EscapeDataString(Away);
        return context.Response.WriteAsync(json);
    }
}
