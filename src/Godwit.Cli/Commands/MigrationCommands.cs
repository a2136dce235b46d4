using System.CommandLine;
using Godwit.Api;
using Godwit.Cli.Rendering;
using Godwit.Cli.Running;
using Godwit.Domains;

namespace Godwit.Cli.Commands;

/// <summary>Looks at relocations that somebody has begun.</summary>
internal static class MigrationCommands
{
    public static Command Build(Surroundings around) => new Command("migration", "Moves that are under way or have ended")
    {
        List(around),
        Show(around),
        CancelCommand.Build(around),
        TakeOverCommand.Build(around),
    };

    public static Argument<string> Which() => new("ID|NAME") { Description = "A move, or the domain that is moved" };

    private static DocumentedCommand List(Surroundings around) =>
        new DocumentedCommand("list", "List the moves that the hosts know of, and those that only the registry still knows")
        {
            Examples = [("godwit migration list", "the latest last")],
        }.Runs(around, async (call, ct) =>
        {
            using var client = call.Connect();
            var migrations = await client.ListKnownMigrationsAsync(ct).ConfigureAwait(false);
            return call.Show(migrations, CliJson.Api.ImmutableArrayMigrationInfo, (o, all) => MigrationTable.Write(o, all));
        });

    private static DocumentedCommand Show(Surroundings around)
    {
        var which = Which();
        return new DocumentedCommand("show", "Show a move, its end and its figures")
        {
            Arguments = { which },
            Examples = [("godwit migration show vm1", "the latest move of vm1")],
        }.Runs(around, async (call, ct) =>
        {
            using var client = call.Connect();
            var migration = await FindAsync(client, call.Get(which), ct).ConfigureAwait(false);
            return call.Show(migration, CliJson.Api.MigrationInfo, MigrationSheet.Write);
        });
    }

    /// <summary>By its id, or the latest one of a domain.</summary>
    public static async Task<MigrationInfo> FindAsync(GodwitClient client, string which, CancellationToken ct)
    {
        if (Guid.TryParse(which, out var id)) return await client.GetMigrationAsync(id, ct).ConfigureAwait(false);
        var all = await client.ListMigrationsAsync(ct).ConfigureAwait(false);
        return MigrationTable.InOrder(all).LastOrDefault(m => m.Domain == which)
            ?? throw new GodwitException("no-such-migration", $"this host knows of no move of a domain {which}",
                "godwit migration list; godwit --host NAME migration list for those of another host");
    }
}
