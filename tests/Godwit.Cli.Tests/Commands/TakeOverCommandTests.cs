using System.Text.Json;
using Godwit.Api;
using Microsoft.AspNetCore.Http;

namespace Godwit.Cli.Tests.Commands;

public sealed class TakeOverCommandTests
{
    private static readonly DomainInfo s_waiting = Samples.Domain(state: DomainState.Unknown) with { Host = "resource-2", Reason = "resource-2 has no copy of it" };
    private static readonly DomainInfo s_running = Samples.Domain() with { Host = "resource-2" };

    [Fact]
    public async Task It_waits_until_the_domain_runs_there()
    {
        await using var daemon = await DaemonAsync(s_waiting, null, s_running);
        using var around = new TestSurroundings();
        Assert.Equal(ExitCode.Success, await around.RunAsync("migration", "take-over", "vm1", "--socket", daemon.Socket));
        Assert.Equal("vm1 is running on resource-2\n", around.Out);
        Assert.Equal(
            "godwit: resource-2 has taken vm1 from resource-1 and settles it; Ctrl-C leaves it to that\n"
            + "godwit: vm1: resource-2 has no copy of it\n", around.Error);
        Assert.Equal("""POST /v1/domains/vm1/take-over {"force":false}""", daemon.Asked.First());
        Assert.Equal(4, daemon.Asked.Count);
    }

    [Fact]
    public async Task Json_is_the_domain_as_it_settled_and_force_is_handed_on()
    {
        await using var daemon = await DaemonAsync(s_waiting, s_running);
        using var around = new TestSurroundings();
        Assert.Equal(ExitCode.Success, await around.RunAsync("migration", "take-over", "vm1", "--force", "--json", "--socket", daemon.Socket));
        Assert.Equal("running", JsonDocument.Parse(around.Out).RootElement.GetProperty("state").GetString());
        Assert.Empty(around.Error);
        Assert.EndsWith("""{"force":true}""", daemon.Asked.First(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_domain_that_stays_crashed_is_a_failure_that_says_so()
    {
        await using var daemon = await DaemonAsync(s_running with { State = DomainState.Crashed });
        using var around = new TestSurroundings();
        Assert.Equal(ExitCode.Failed, await around.RunAsync("migration", "take-over", "vm1", "--json", "--socket", daemon.Socket));
        Assert.Empty(around.Out);
        Assert.Equal("not-running", JsonDocument.Parse(around.Error).RootElement.GetProperty("code").GetString());
    }

    [Fact]
    public async Task A_domain_that_somebody_else_took_is_a_failure()
    {
        await using var daemon = await DaemonAsync(s_running with { Host = "resource-3" });
        using var around = new TestSurroundings();
        Assert.Equal(ExitCode.Failed, await around.RunAsync("migration", "take-over", "vm1", "--socket", daemon.Socket));
        Assert.Contains("vm1 belongs to resource-3 by now", around.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wait_ends_with_its_time_limit_and_its_reason()
    {
        await using var daemon = await DaemonAsync(s_waiting);
        using var around = new TestSurroundings();
        Assert.Equal(ExitCode.Interrupted, await around.RunAsync("migration", "take-over", "vm1", "--timeout", "1", "--socket", daemon.Socket));
        Assert.EndsWith(
            "godwit: resource-2 has vm1 and has not settled it within 1 s: resource-2 has no copy of it\n"
            + "  it goes on settling it; see godwit info vm1\n", around.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refusal_is_passed_on()
    {
        await using var daemon = await FakeDaemon.StartAsync();
        daemon.Refuses("POST /v1/domains/vm1/take-over", new ApiError("owner-answers", "resource-1 answers", "migrate it"));
        using var around = new TestSurroundings();
        Assert.Equal(ExitCode.Failed, await around.RunAsync("migration", "take-over", "vm1", "--socket", daemon.Socket));
        Assert.Equal("godwit: resource-1 answers\n  migrate it\n", around.Error);
    }

    /// <summary>Answers with one state after the other and stays with the last; null is an answer that nobody can give.</summary>
    private static async Task<FakeDaemon> DaemonAsync(params DomainInfo?[] states)
    {
        var asked = 0;
        return (await FakeDaemon.StartAsync())
            .On("POST /v1/domains/vm1/take-over", new TakeOverInfo("vm1", "resource-1", "resource-2"), GodwitJson.Default.TakeOverInfo)
            .On("GET /v1/domains/vm1", context =>
            {
                var state = states[Math.Min(asked++, states.Length - 1)];
                if (state is null)
                    context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
                return context.Response.WriteAsync(state is null
                    ? """{"code":"registry-unavailable","message":"away"}"""
                    : JsonSerializer.Serialize(state, GodwitJson.Default.DomainInfo));
            });
    }
}
