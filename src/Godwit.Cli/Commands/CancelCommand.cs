using System.CommandLine;
using Godwit.Api;
using Godwit.Cli.Migrations;
using Godwit.Cli.Rendering;
using Godwit.Cli.Running;

namespace Godwit.Cli.Commands;

/// <summary>Cancels a relocation that somebody has begun, and says whether that came too late.</summary>
internal static class CancelCommand
{
    /// <summary>Code of the daemon's refusal, and of this command's own when the move ended otherwise than by cancelling.</summary>
    private const string TooLate = "too-late";

    public static Command Build(Surroundings around)
    {
        var which = MigrationCommands.Which();
        var noWait = new Option<bool>("--no-wait") { Description = "Only ask, and do not wait for the end" };
        return new DocumentedCommand("cancel", "Cancel a move; the domain stays where it is")
        {
            Explanation =
                """
                Safe at any moment. It waits for the end of the move and says which it was: cancelled, or too late because
                the domain had been handed over or the move had ended; then it fails.
                """,
            Arguments = { which },
            Options = { noWait },
            Examples =
            [
                ("godwit migration cancel vm1", "says where vm1 is then; fails when it came too late"),
                ("godwit migration cancel vm1 --no-wait", "returns once the move has been asked to end"),
            ],
        }.Runs(around, async (call, ct) =>
        {
            using var client = call.Connect();
            var migration = await MigrationCommands.FindAsync(client, call.Get(which), ct).ConfigureAwait(false);
            if (call.Get(noWait))
            {
                await client.CancelMigrationAsync(migration.Id, ct).ConfigureAwait(false);
                return ExitCode.Success;
            }
            try
            {
                await client.CancelMigrationAsync(migration.Id, ct).ConfigureAwait(false);
            }
            catch (ApiException e) when (e.Code == TooLate)
            {
                // Its end says more than the refusal: somebody else may have cancelled it.
                if (!call.Json) around.Error.WriteLine("godwit: " + e.Message);
            }
            var follower = new MigrationFollower(client, migration.Id, around.Time);
            await new SilentView().FollowAsync(follower.EventsAsync(ct)).ConfigureAwait(false);
            return End(call, migration with { Result = follower.Result });
        });
    }

    private static ExitCode End(Invocation call, MigrationInfo migration)
    {
        var result = migration.Result!;
        var cancelled = result.Ending == "cancelled";
        if (call.Json) CliJson.Write(call.Out, migration, CliJson.Api.MigrationInfo);
        if (cancelled)
        {
            if (!call.Json) call.Out.WriteLine($"cancelled; {migration.Domain} stays on {migration.From}");
            return ExitCode.Success;
        }
        var failure = MigrationText.Failure(migration, result);
        Failures.Print(
            result.Succeeded
                ? new ApiError(TooLate, $"too late: {migration.Domain} runs on {migration.To}", $"godwit migrate {migration.Domain} {migration.From} moves it back")
                : failure with { Code = TooLate, Message = $"too late, the move ended by itself ({result.Ending}): {failure.Message}" },
            call.Json, call.Around);
        return ExitCode.Failed;
    }
}
