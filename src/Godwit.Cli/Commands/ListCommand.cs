using System.CommandLine;
using Godwit.Cli.Rendering;
using Godwit.Cli.Running;

namespace Godwit.Cli.Commands;

internal static class ListCommand
{
    public static Command Build(Surroundings around)
    {
        return new DocumentedCommand("list", "List the domains of the pool")
        {
            Aliases = { "ls" },
            Examples =
            [
                ("godwit list", "name, host, memory, processors, state, processor time"),
                ("godwit list --json | jq -r '.[].name'", "for a script"),
            ],
        }.Runs(around, async (call, ct) =>
        {
            using var client = call.Connect();
            var domains = await client.ListKnownDomainsAsync(ct).ConfigureAwait(false);
            return call.Show(domains, CliJson.Api.ImmutableArrayDomainInfo, (o, all) => DomainTable.Write(o, all));
        });
    }
}
