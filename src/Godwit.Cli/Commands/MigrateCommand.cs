using System.CommandLine;
using Godwit.Api;
using Godwit.Cli.Migrations;
using Godwit.Cli.Rendering;
using Godwit.Cli.Running;

namespace Godwit.Cli.Commands;

/// <summary>
/// Moves a domain and shows how it goes. The first Ctrl-C cancels the move, which is safe at any time, and waits for
/// its end; the second leaves it to itself.
/// </summary>
internal static class MigrateCommand
{
    public static Command Build(Surroundings around)
    {
        var name = Arguments.Domain();
        var host = new Argument<string>("HOST") { Description = "Host to move it to" };
        var live = new Option<bool>("--live", "-l") { Description = "Accepted for the habit of it: every move is live" };
        var timeout = Arguments.Number("--timeout", "SECONDS", "Give up, with the domain running where it was, when the move takes longer");
        var downtime = Arguments.Number("--downtime-limit", "MS", "Downtime to aim for in the last round, in milliseconds (default 50)");
        var unfenced = new Option<bool>("--unfenced") { Description = "Move it although no other host can be kept from writing to its disks" };
        var events = new Option<bool>("--json-events") { Description = "Print every event as one line of JSON; the last one holds the result" };
        return new DocumentedCommand("migrate", "Move a running domain to another host")
        {
            Arguments = { name, host },
            Options = { live, timeout, downtime, unfenced, events },
            Examples =
            [
                ("godwit migrate --live vm1 resource-2", "moves it, with progress, and says how long it stood still"),
                ("godwit migrate vm1 resource-2 --timeout 60", "gives up after a minute"),
                ("godwit migrate vm1 resource-2 --json | jq .result", "the figures, for a script"),
            ],
        }.Runs(around, async (call, _) =>
        {
            var request = new MigrateRequest { Destination = call.Get(host), TimeoutSeconds = call.Get(timeout), Unfenced = call.Get(unfenced) };
            if (call.Get(downtime) is { } limit) request = request with { DowntimeLimitMilliseconds = limit };
            using var client = call.Connect();
            var wait = around.Interrupts.Second;
            var begun = await client.MigrateAsync(call.Get(name), request, wait).ConfigureAwait(false);
            return await FollowAsync(call, client, begun, View(call, call.Get(events)), call.Get(events)).ConfigureAwait(false);
        });
    }

    private static IMigrationView View(Invocation call, bool events) =>
        events ? new JsonEventsView(call.Out)
        : call.Json ? new SilentView()
        : call.Around.OutIsLively ? new LiveView(LiveView.ConsoleOn(call.Out))
        : new LineView(call.Out);

    private static async Task<ExitCode> FollowAsync(
        Invocation call, GodwitClient client, MigrationInfo begun, IMigrationView view, bool events)
    {
        var around = call.Around;
        var json = call.Json || events;
        var follower = new MigrationFollower(client, begun.Id, around.Time);
        var cancelling = Task.CompletedTask;
        using var onInterrupt = around.Interrupts.First.Register(() => cancelling = CancelAsync());
        try
        {
            await view.FollowAsync(follower.EventsAsync(around.Interrupts.Second)).ConfigureAwait(false);
            await cancelling.ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (around.Interrupts.Second.IsCancellationRequested)
        {
            Failures.Print(new ApiError("interrupted", "left; the move is being cancelled and ends by itself",
                $"see godwit migration show {begun.Id}"), json, around);
            return ExitCode.Interrupted;
        }
        return await EndAsync().ConfigureAwait(false);

        async Task CancelAsync()
        {
            if (!json) around.Error.WriteLine("godwit: cancelling the move; Ctrl-C again leaves without waiting");
            try
            {
                await client.CancelMigrationAsync(begun.Id, around.Interrupts.Second).ConfigureAwait(false);
            }
            catch (ApiException e)
            {
                // Past Handover there is no way back, or it has ended already: what follows on the line tells.
                if (!json) around.Error.WriteLine("godwit: " + e.Error.Message);
            }
        }

        async Task<ExitCode> EndAsync()
        {
            var result = follower.Result!;
            if (call.Json && !events)
            {
                var ended = await client.GetMigrationAsync(begun.Id, around.Interrupts.Second).ConfigureAwait(false);
                CliJson.Write(call.Out, ended with { Result = ended.Result ?? result }, CliJson.Api.MigrationInfo);
            }
            if (result.Succeeded)
            {
                if (!json) foreach (var line in MigrationText.Summary(begun, result)) call.Out.WriteLine(line);
                return ExitCode.Success;
            }
            Failures.Print(MigrationText.Failure(begun, result), json, around);
            return CodeOf(result.Ending, around.Interrupts.First.IsCancellationRequested);
        }
    }

    /// <summary>A move that somebody else cancelled has failed; one that this command cancelled was interrupted.</summary>
    private static ExitCode CodeOf(string ending, bool interrupted) =>
        ending == "timed-out" || (ending == "cancelled" && interrupted) ? ExitCode.Interrupted : ExitCode.Failed;
}
