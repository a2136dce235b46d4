using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using Godwit.Api;
using Godwit.Domains;

namespace Godwit.Cli.Xm;

/// <summary>A line of <c>xm list</c>.</summary>
/// <param name="Id">Of its engine's process, which is unique on a host as Xen's number is; empty where there is none.</param>
/// <param name="State">Six letters or dashes: running, blocked, paused, shut down, crashed, dying.</param>
internal sealed record XmDomain(string Name, string Id, long MemoryMiB, int VirtualCpus, string State, double CpuSeconds)
{
    public bool Answers(string asked) => asked == Name || (Id.Length > 0 && asked == Id);
}

/// <summary>The domains of a host in Xen's way: Domain-0 is the host itself, and each has a number.</summary>
internal static class XmDomains
{
    public const string Zero = "Domain-0";

    /// <summary>Domain-0 first. It has what the domains leave it of the host's memory and processor time.</summary>
    public static ImmutableArray<XmDomain> Rows(HostFacts host, ImmutableArray<DomainInfo> domains) =>
    [
        new XmDomain(Zero, "0", Math.Max(0, host.MemoryMiB - domains.Sum(d => (long)d.MemoryMiB)), host.Processors, "r-----",
            Math.Max(0, host.CpuSeconds - domains.Sum(d => d.CpuSeconds))),
        .. domains.OrderBy(d => d.Name, StringComparer.Ordinal).Select(d => new XmDomain(
            d.Name, d.ProcessId?.ToString(CultureInfo.InvariantCulture) ?? "", d.MemoryMiB, d.VirtualCpus, State(d.State), d.CpuSeconds)),
    ];

    /// <summary>A domain's name, where it may be given by its number on the host that is asked.</summary>
    public static async Task<string> NameOfAsync(GodwitClient client, string domain, CancellationToken ct)
    {
        if (domain is Zero or "0") throw new GodwitException("domain-0", $"{Zero} is the host itself", "name one of the domains that xm list shows");
        if (!domain.All(char.IsAsciiDigit)) return domain;
        var domains = await client.ListDomainsAsync(hostOnly: true, ct).ConfigureAwait(false);
        return domains.FirstOrDefault(d => d.Name == domain || d.ProcessId?.ToString(CultureInfo.InvariantCulture) == domain)?.Name ?? throw NoSuch(domain);
    }

    /// <summary>A host's name in the pool, where it may be given by its address.</summary>
    public static async Task<string> HostOfAsync(GodwitClient client, string host, CancellationToken ct)
    {
        if (!IPAddress.TryParse(host, out var address)) return host;
        var hosts = await client.ListHostsAsync(ct).ConfigureAwait(false);
        return hosts.FirstOrDefault(h => IPEndPoint.TryParse(h.Address, out var endpoint) && endpoint.Address.Equals(address))?.Name
            ?? throw new GodwitException("no-such-host", $"no host of the pool has the address {host}", "godwit host list shows their names and addresses");
    }

    public static GodwitException NoSuch(string domain) =>
        new("no-such-domain", $"Domain '{domain}' does not exist.", "xm list shows those of this host, godwit list those of the pool");

    private static string State(DomainState state) => state switch
    {
        DomainState.Running or DomainState.Migrating => "r-----",
        DomainState.Paused or DomainState.IoError => "--p---",
        DomainState.ShutOff => "---s--",
        DomainState.Crashed => "----c-",
        _ => "------",
    };
}
