using System.CommandLine;
using Godwit.Cli.Rendering;
using Godwit.Cli.Running;

namespace Godwit.Cli.Commands;

/// <summary><c>info NAME</c> for a domain; without a name for the hosts, as <c>xl info</c> is.</summary>
internal static class InfoCommand
{
    public static Command Build(Surroundings around)
    {
        var name = new Argument<string?>("NAME") { Description = "Name of the domain; without it, the hosts of the pool", Arity = ArgumentArity.ZeroOrOne };
        return new DocumentedCommand("info", "Show all that is known of a domain, or of the hosts")
        {
            Arguments = { name },
            Examples =
            [
                ("godwit info vm1", "where it runs, on which engine, with what disks"),
                ("godwit info", "the hosts, their engines and accelerators"),
            ],
        }.Runs(around, async (call, ct) =>
        {
            using var client = call.Connect();
            if (call.Find(name) is not { } domain)
            {
                var hosts = await client.ListHostsAsync(ct).ConfigureAwait(false);
                return call.Show(hosts, CliJson.Api.ImmutableArrayHostInfo, (o, all) => HostTable.Write(o, all));
            }
            var info = await client.GetDomainAsync(domain, ct).ConfigureAwait(false);
            return call.Show(info, CliJson.Api.DomainInfo, DomainSheet.Write);
        });
    }
}
