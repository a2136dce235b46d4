using Godwit.Api;
using Godwit.Daemon.Members;
using Godwit.Domains;
using Godwit.Pool;

namespace Godwit.Daemon.Checks;

/// <summary>Whether this host is in a pool, and the registry of the pool serves it.</summary>
internal sealed class RegistryCheck(Membership membership, IRegistry registry) : IHostCheck
{
    private static readonly Finder Says = new("registry");

    public string Name => Says.Check;

    public async Task<IEnumerable<HostFinding>> RunAsync(CheckRound round, CancellationToken cancellationToken)
    {
        if (membership.Current is not { } identity)
            return [Judge(null, null, null)];
        try
        {
            await registry.ProbeAsync(cancellationToken);
            return [Judge(identity.Pool.Name, identity.Pool.RegistryHost, null)];
        }
        catch (GodwitException e)
        {
            return [Judge(identity.Pool.Name, identity.Pool.RegistryHost, e)];
        }
    }

    /// <param name="pool">Null for a host that is in none.</param>
    internal static HostFinding Judge(string? pool, string? host, GodwitException? failure) => (pool, failure) switch
    {
        (null, _) => Says.Unknown(
            "This host is in no pool yet, so that clocks, ports, versions and the way to the storage are not checked.",
            "godwit pool init makes one, godwit pool join MEMBER --token TOKEN joins one; then check again."),
        (_, not null) => Says.Error($"The registry of the pool {pool} does not serve: {failure.Message}", failure.Remedy ?? $"See that godwitd runs on {host}."),
        _ => Says.Ok($"The registry of the pool {pool}, on {host}, serves."),
    };
}
