using System.CommandLine;
using Godwit.Cli.Rendering;
using Godwit.Cli.Running;

namespace Godwit.Cli.Commands;

internal static class HostCommands
{
    public static Command Build(Surroundings around) => new Command("host", "The hosts of the pool")
    {
        new DocumentedCommand("list", "List the hosts, what they do and whether they answer")
        {
            Examples = [("godwit host list", "one line a host")],
        }.Runs(around, async (call, ct) =>
        {
            using var client = call.Connect();
            var hosts = await client.ListHostsAsync(ct).ConfigureAwait(false);
            return call.Show(hosts, CliJson.Api.ImmutableArrayHostInfo, (o, all) => HostTable.Write(o, all));
        }),
    };
}
