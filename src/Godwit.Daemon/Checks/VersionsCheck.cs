using System.Collections.Immutable;
using Godwit.Api;
using Godwit.Daemon.Queries;

namespace Godwit.Daemon.Checks;

/// <summary>Versions of godwitd, of the engine and of the kernel, here and on the other hosts.</summary>
internal sealed class VersionsCheck(HostFactsQuery own) : IHostCheck
{
    private static readonly Finder Says = new("versions");

    public string Name => Says.Check;

    public async Task<IEnumerable<HostFinding>> RunAsync(CheckRound round, CancellationToken cancellationToken) =>
        Judge(own.Show(), [.. (await round.PeersAsync()).Select(peer => peer.Facts).OfType<HostFacts>()]);

    internal static ImmutableArray<HostFinding> Judge(HostFacts own, ImmutableArray<HostFacts> peers)
    {
        var engine = own.EngineVersion is { } version ? $", QEMU {version}" : "";
        var findings = ImmutableArray.CreateBuilder<HostFinding>();
        findings.Add(Says.Ok($"godwitd {own.Version}{engine}, Linux {own.Kernel}."));
        foreach (var peer in peers.Where(peer => peer.Version != own.Version))
        {
            findings.Add(Says.Warning(
                $"{peer.Name} has godwitd {peer.Version}, this host {own.Version}.", "Have the same version on all hosts; restarting godwitd leaves domains alone."));
        }
        foreach (var peer in peers.Where(peer => peer.EngineVersion is not null && own.EngineVersion is not null && peer.EngineVersion != own.EngineVersion))
        {
            findings.Add(Says.Warning(
                $"{peer.Name} has QEMU {peer.EngineVersion}, this host {own.EngineVersion}: domains may be able to move in one direction only.",
                "Have the same release of the distribution on all hosts that run domains."));
        }
        return findings.ToImmutable();
    }
}
