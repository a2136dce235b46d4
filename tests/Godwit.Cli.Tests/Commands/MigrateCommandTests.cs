using System.Text.Json;
using Godwit.Api;
using Microsoft.AspNetCore.Http;

namespace Godwit.Cli.Tests.Commands;

public sealed class MigrateCommandTests
{
    private static readonly string Id = Samples.Migration().Id.ToString();

    [Fact]
    public async Task A_move_is_shown_line_by_line_and_summed_up()
    {
        await using var daemon = await DaemonAsync(Samples.Event(0, "check"), Samples.Event(0.4, "pre-copy", 1), End(Samples.Completed));
        using var around = new TestSurroundings();
        Assert.Equal(ExitCode.Success, await around.RunAsync("migrate", "--live", "vm1", "resource-2", "--timeout", "60", "--socket", daemon.Socket));
        Assert.Equal(
            """
               0.00 s  check
               0.40 s  pre-copy  round 1
            vm1 moved from resource-1 to resource-2 in 1.62 s: 3 rounds, 131.5 MiB
            downtime 14.2 ms = stop 0.3 + last round 5.1 + device state 4.2 + commit 2.0 + fence 1.9 + resume 0.7 ms

            """, around.Out);
        var request = JsonDocument.Parse(daemon.Asked.First()["POST /v1/domains/vm1/migrations ".Length..]).RootElement;
        Assert.Equal("resource-2", request.GetProperty("destination").GetString());
        Assert.Equal(60, request.GetProperty("timeoutSeconds").GetInt32());
        Assert.Equal(50, request.GetProperty("downtimeLimitMilliseconds").GetInt32());
    }

    [Fact]
    public async Task Json_is_the_move_and_its_result_alone()
    {
        await using var daemon = await DaemonAsync(Samples.Event(0, "check"), End(Samples.Completed));
        using var around = new TestSurroundings();
        Assert.Equal(ExitCode.Success, await around.RunAsync("migrate", "vm1", "resource-2", "--json", "--socket", daemon.Socket));
        var move = JsonDocument.Parse(around.Out).RootElement;
        Assert.Equal(Id, move.GetProperty("id").GetString());
        Assert.Equal(5.1, move.GetProperty("result").GetProperty("downtimeParts").GetProperty("lastRound").GetDouble());
        Assert.Empty(around.Error);
    }

    [Theory]
    [InlineData("destination-unreachable", ExitCode.Failed)]
    [InlineData("cancelled", ExitCode.Failed)]
    [InlineData("timed-out", ExitCode.Interrupted)]
    public async Task A_move_that_fails_says_why(string ending, object code)
    {
        await using var daemon = await DaemonAsync(End(Samples.Failed(ending)));
        using var around = new TestSurroundings();
        Assert.Equal((ExitCode)code, await around.RunAsync("migrate", "vm1", "resource-2", "--socket", daemon.Socket));
        Assert.Equal($"godwit: the move ended in pre-copy on resource-1: {ending}; vm1 runs on resource-1\n  look at its log\n", around.Error);
    }

    [Fact]
    public async Task A_move_that_fails_names_the_side_the_step_and_what_became_of_the_domain()
    {
        var failed = Samples.Failed("prepare-failed") with
        {
            Message = "vm1 stays on resource-1: no memory", FaultSide = "destination", FaultStep = "prepare", Fate = "on-source",
        };
        await using var daemon = await DaemonAsync(End(failed));
        daemon.On("GET /v1/migrations", [Samples.Migration(failed)], GodwitJson.Default.ImmutableArrayMigrationInfo);
        using var around = new TestSurroundings();
        Assert.Equal(ExitCode.Failed, await around.RunAsync("migrate", "vm1", "resource-2", "--socket", daemon.Socket));
        Assert.Equal(
            "godwit: vm1 stays on resource-1: no memory (because of the destination resource-2, in prepare)\n  look at its log\n", around.Error);

        using var show = new TestSurroundings();
        Assert.Equal(ExitCode.Success, await show.RunAsync("migration", "show", "vm1", "--socket", daemon.Socket));
        Assert.Contains("fate          on-source\nfault         the destination resource-2, in prepare\n", show.Out, StringComparison.Ordinal);

        using var json = new TestSurroundings();
        Assert.Equal(ExitCode.Failed, await json.RunAsync("migrate", "vm1", "resource-2", "--json", "--socket", daemon.Socket));
        var result = JsonDocument.Parse(json.Out).RootElement.GetProperty("result");
        Assert.Equal(("destination", "prepare", "on-source"),
            (result.GetProperty("faultSide").GetString(), result.GetProperty("faultStep").GetString(), result.GetProperty("fate").GetString()));
    }

    [Fact]
    public async Task A_broken_line_is_followed_again_without_telling_twice()
    {
        var connections = 0;
        await using var daemon = await DaemonAsync();
        daemon.On($"GET /v1/migrations/{Id}/events", async context =>
        {
            await FakeDaemon.WriteLineAsync(context, Samples.Event(0, "check"));
            await FakeDaemon.WriteLineAsync(context, Samples.Event(0.4, "pre-copy", 1));
            if (connections++ == 0) context.Abort();
            else await FakeDaemon.WriteLineAsync(context, End(Samples.Completed));
        });
        using var around = new TestSurroundings();
        Assert.Equal(ExitCode.Success, await around.RunAsync("migrate", "vm1", "resource-2", "--socket", daemon.Socket));
        Assert.Equal(2, connections);
        Assert.Equal(around.Out.IndexOf("check", StringComparison.Ordinal), around.Out.LastIndexOf("check", StringComparison.Ordinal));
        Assert.Contains("vm1 moved from resource-1 to resource-2", around.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_first_interrupt_cancels_and_waits_for_the_end()
    {
        var cancelled = new TaskCompletionSource();
        await using var daemon = await DaemonAsync();
        daemon.On($"POST /v1/migrations/{Id}/cancel", _ => Task.FromResult(cancelled.TrySetResult()))
            .On($"GET /v1/migrations/{Id}/events", async context =>
            {
                await FakeDaemon.WriteLineAsync(context, Samples.Event(0, "pre-copy", 1));
                await cancelled.Task;
                await FakeDaemon.WriteLineAsync(context, End(Samples.Failed("cancelled")));
            });
        using var around = new TestSurroundings();
        var run = around.RunAsync("migrate", "vm1", "resource-2", "--socket", daemon.Socket);
        while (daemon.Asked.Count < 2) await Task.Delay(10);
        around.Interrupts.Raise();
        Assert.Equal(ExitCode.Interrupted, await run.WaitAsync(TimeSpan.FromSeconds(10)));
        Assert.StartsWith("godwit: cancelling the move; Ctrl-C again leaves without waiting\n", around.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_move_past_cancelling_is_completed_and_a_success()
    {
        var refused = new TaskCompletionSource();
        await using var daemon = await DaemonAsync();
        daemon.On($"POST /v1/migrations/{Id}/cancel", async context =>
            {
                context.Response.StatusCode = 409;
                await context.Response.WriteAsync("""{"code":"too-late","message":"vm1 has been handed over"}""");
                refused.TrySetResult();
            })
            .On($"GET /v1/migrations/{Id}/events", async context =>
            {
                await FakeDaemon.WriteLineAsync(context, Samples.Event(0, "commit"));
                await refused.Task;
                await FakeDaemon.WriteLineAsync(context, End(Samples.Completed));
            });
        using var around = new TestSurroundings();
        var run = around.RunAsync("migrate", "vm1", "resource-2", "--socket", daemon.Socket);
        while (daemon.Asked.Count < 2) await Task.Delay(10);
        around.Interrupts.Raise();
        Assert.Equal(ExitCode.Success, await run.WaitAsync(TimeSpan.FromSeconds(10)));
        Assert.EndsWith("godwit: vm1 has been handed over\n", around.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_second_interrupt_leaves_at_once()
    {
        await using var daemon = await DaemonAsync();
        daemon.On($"POST /v1/migrations/{Id}/cancel", _ => Task.CompletedTask)
            .On($"GET /v1/migrations/{Id}/events", async context =>
            {
                await FakeDaemon.WriteLineAsync(context, Samples.Event(0, "pre-copy", 1));
                await Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
            });
        using var around = new TestSurroundings();
        var run = around.RunAsync("migrate", "vm1", "resource-2", "--socket", daemon.Socket);
        while (daemon.Asked.Count < 2) await Task.Delay(10);
        around.Interrupts.Raise();
        around.Interrupts.Raise();
        Assert.Equal(ExitCode.Interrupted, await run.WaitAsync(TimeSpan.FromSeconds(10)));
        Assert.EndsWith($"  see godwit migration show {Id}\n", around.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_latest_move_of_a_domain_is_found_by_its_name()
    {
        var older = Samples.Migration(Samples.Failed("channel-lost")) with { Id = Guid.NewGuid(), Began = Samples.Noon.AddHours(-1) };
        await using var daemon = (await FakeDaemon.StartAsync())
            .On("GET /v1/migrations", [older, Samples.Migration(Samples.Completed)], GodwitJson.Default.ImmutableArrayMigrationInfo);
        using var around = new TestSurroundings();
        Assert.Equal(ExitCode.Success, await around.RunAsync("migration", "show", "vm1", "--socket", daemon.Socket));
        Assert.Contains($"id            {Id}\n", around.Out, StringComparison.Ordinal);
        Assert.Contains("began         2026-01-02 12:00:00Z\n", around.Out, StringComparison.Ordinal);
    }

    private static MigrationEvent End(MigrationResult result) => Samples.Event(1.62, "confirm") with { Result = result };

    private static async Task<FakeDaemon> DaemonAsync(params MigrationEvent[] events) => (await FakeDaemon.StartAsync())
        .On("POST /v1/domains/vm1/migrations", Samples.Migration(), GodwitJson.Default.MigrationInfo)
        .On($"GET /v1/migrations/{Id}", Samples.Migration(events.LastOrDefault()?.Result), GodwitJson.Default.MigrationInfo)
        .On($"GET /v1/migrations/{Id}/events", async context =>
        {
            foreach (var e in events) await FakeDaemon.WriteLineAsync(context, e);
        });
}
