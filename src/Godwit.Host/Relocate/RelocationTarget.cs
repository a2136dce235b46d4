using Godwit.Domains;

namespace Godwit.Host.Relocate;

/// <summary>Checks the name of a destination before anything else is done.</summary>
internal static class RelocationTarget
{
    public static async Task CheckAsync(HostParts parts, string destination, CancellationToken cancellationToken)
    {
        if (destination == parts.Name)
        {
            throw new GodwitException(
                "already-there", $"The domain is on {destination} already.", "`godwit host list` shows the other hosts.");
        }
        var hosts = await parts.Registry.ListHostsAsync(cancellationToken);
        if (hosts.FirstOrDefault(h => h.Name == destination) is not { } host)
        {
            var known = string.Join(", ", hosts.Where(h => h.Roles.Contains("compute") && h.Name != parts.Name).Select(h => h.Name));
            throw new GodwitException("no-such-host", $"There is no host {destination} in the pool.", $"Hosts that run domains: {known}.");
        }
        if (!host.Roles.Contains("compute"))
            throw new GodwitException("host-runs-no-domains", $"{destination} does not have the role compute.", "Choose a host that has it.");
    }
}
