using System.CommandLine;
using Godwit.Cli.Running;

namespace Godwit.Cli.Commands;

/// <summary>What a running domain has: <c>mem-set</c> and <c>vcpu-set</c>, in the habit of <c>xl</c>.</summary>
internal static class ResizeCommands
{
    public static Command Memory(Surroundings around)
    {
        var (name, size) = (Arguments.Domain(), Arguments.Memory());
        return new DocumentedCommand("mem-set", "Give a running domain other memory, up to its maxmem")
        {
            Arguments = { name, size },
            Examples =
            [
                ("godwit mem-set vm1 512", "in MiB; the guest takes its time, and godwit list shows what it has"),
                ("godwit mem-set vm1 2g", "for good: also after a move, and after its next start"),
            ],
        }.Runs(around, async (call, ct) =>
        {
            using var client = call.Connect();
            // As xl, it has nothing to say where it has no reason to complain.
            return call.Show(await client.SetMemoryAsync(call.Get(name), call.Get(size), ct).ConfigureAwait(false), CliJson.Api.DomainInfo, (_, _) => { });
        });
    }

    public static Command Processors(Surroundings around)
    {
        var (name, count) = (Arguments.Domain(), Arguments.Count());
        return new DocumentedCommand("vcpu-set", "Give a running domain other virtual processors, up to its maxvcpus")
        {
            Arguments = { name, count },
            Examples = [("godwit vcpu-set vm1 2", "for good, as with mem-set")],
        }.Runs(around, async (call, ct) =>
        {
            using var client = call.Connect();
            return call.Show(await client.SetVirtualCpusAsync(call.Get(name), call.Get(count), ct).ConfigureAwait(false), CliJson.Api.DomainInfo, (_, _) => { });
        });
    }
}
