using System.Text.Json;
using Godwit.Api;

namespace Godwit.Cli.Tests.Commands;

public sealed class CancelCommandTests
{
    private static readonly string s_id = Samples.Migration().Id.ToString();
    private static readonly ApiError s_tooLate = new("too-late", "vm1 has been handed over to resource-2: it is too late to cancel.");

    [Fact]
    public async Task It_follows_the_move_to_its_end()
    {
        await using var daemon = await DaemonAsync(Samples.Failed("cancelled"));
        using var around = new TestSurroundings();
        Assert.Equal(ExitCode.Success, await around.RunAsync("migration", "cancel", "vm1", "--socket", daemon.Socket));
        Assert.Equal("cancelled; vm1 stays on resource-1\n", around.Out);
        Assert.Empty(around.Error);
    }

    [Fact]
    public async Task Too_late_is_a_failure_that_says_where_the_domain_runs()
    {
        await using var daemon = (await DaemonAsync(Samples.Completed)).Refuses($"POST /v1/migrations/{s_id}/cancel", s_tooLate);
        using var around = new TestSurroundings();
        Assert.Equal(ExitCode.Failed, await around.RunAsync("migration", "cancel", s_id, "--socket", daemon.Socket));
        Assert.Equal(
            """
            godwit: vm1 has been handed over to resource-2: it is too late to cancel.
            godwit: too late: vm1 runs on resource-2
              godwit migrate vm1 resource-1 moves it back

            """, around.Error);
        Assert.Empty(around.Out);
    }

    [Fact]
    public async Task A_move_that_somebody_else_cancelled_is_a_success_too()
    {
        await using var daemon = (await DaemonAsync(Samples.Failed("cancelled"))).Refuses($"POST /v1/migrations/{s_id}/cancel", s_tooLate);
        using var around = new TestSurroundings();
        Assert.Equal(ExitCode.Success, await around.RunAsync("migration", "cancel", "vm1", "--socket", daemon.Socket));
    }

    [Fact]
    public async Task A_move_that_ended_by_itself_says_how()
    {
        var lost = Samples.Failed("channel-lost") with { Message = "vm1 stays on resource-1: the line broke", FaultSide = "line", FaultStep = "pre-copy" };
        await using var daemon = await DaemonAsync(lost);
        using var around = new TestSurroundings();
        Assert.Equal(ExitCode.Failed, await around.RunAsync("migration", "cancel", "vm1", "--json", "--socket", daemon.Socket));
        Assert.Equal("channel-lost", JsonDocument.Parse(around.Out).RootElement.GetProperty("result").GetProperty("ending").GetString());
        var error = JsonDocument.Parse(around.Error).RootElement;
        Assert.Equal("too-late", error.GetProperty("code").GetString());
        Assert.Equal(
            "too late, the move ended by itself (channel-lost): vm1 stays on resource-1: the line broke (because of the line between resource-1 and resource-2, in pre-copy)",
            error.GetProperty("message").GetString());
    }

    [Fact]
    public async Task Without_waiting_the_daemons_answer_is_the_end()
    {
        await using var daemon = await DaemonAsync(Samples.Completed);
        using (var around = new TestSurroundings())
        {
            Assert.Equal(ExitCode.Success, await around.RunAsync("migration", "cancel", s_id, "--no-wait", "--socket", daemon.Socket));
            Assert.Empty(around.Out);
        }
        daemon.Refuses($"POST /v1/migrations/{s_id}/cancel", s_tooLate);
        using var late = new TestSurroundings();
        Assert.Equal(ExitCode.Failed, await late.RunAsync("migration", "cancel", s_id, "--no-wait", "--socket", daemon.Socket));
        Assert.DoesNotContain(daemon.Asked, asked => asked.EndsWith("/events", StringComparison.Ordinal));
    }

    private static async Task<FakeDaemon> DaemonAsync(MigrationResult end) => (await FakeDaemon.StartAsync())
        .On("GET /v1/migrations", [Samples.Migration()], GodwitJson.Default.ImmutableArrayMigrationInfo)
        .On($"GET /v1/migrations/{s_id}", Samples.Migration(), GodwitJson.Default.MigrationInfo)
        .On($"POST /v1/migrations/{s_id}/cancel", _ => Task.CompletedTask)
        .On($"GET /v1/migrations/{s_id}/events", context =>
            FakeDaemon.WriteLineAsync(context, Samples.Event(1, "pre-copy") with { Result = end }));
}
