using System.Collections.Immutable;
using System.Net;
using Godwit.Api;
using Godwit.Daemon.Config;
using Godwit.Domains;

namespace Godwit.Daemon.Members;

/// <summary>
/// Settles what this host is in the pool that it enters. Of each setting holds what godwitd.toml says, else what was asked
/// for, else what is found out: the address on the way to the member, and the interface that has it.
/// </summary>
internal sealed class HostSetup(DaemonConfig config, INetworkView network)
{
    /// <param name="asked">What the user asked for; null for nothing.</param>
    /// <param name="usualRoles">Roles where neither the file nor the user says them.</param>
    /// <param name="member">The host on the way to which the address is looked for; null for the way out.</param>
    /// <returns>The configuration as it will be.</returns>
    /// <exception cref="GodwitException">What was asked for has no meaning here, or the file says otherwise.</exception>
    public DaemonConfig Settle(HostChoices? asked, ImmutableArray<string> usualRoles, IPAddress? member)
    {
        var said = config.Said;
        var roles = asked?.Roles is { } words ? Roles(words) : (ImmutableArray<string>?)null;
        var address = asked?.Address is { } text ? Address(text) : null;
        var interfaces = asked?.StorageInterfaces is { } names ? Interfaces(names) : (ImmutableArray<string>?)null;
        RefuseOther("roles", Show(said.Roles), Show(roles));
        RefuseOther("address", said.Address?.ToString(), address?.ToString());
        RefuseOther("[storage] interface", Show(said.Interfaces), Show(interfaces));

        address = said.Address ?? address ?? network.SourceTowards(member) ?? config.Address;
        return config with
        {
            Roles = said.Roles ?? roles ?? usualRoles,
            Address = address,
            Storage = config.Storage with
            {
                Interfaces = said.Interfaces ?? interfaces ?? (network.InterfaceOf(address) is { } own ? [own] : []),
            },
        };
    }

    /// <summary>What is to be kept of a configuration that was settled: all that the file does not say.</summary>
    public HostSettings ToKeep(DaemonConfig settled) => new()
    {
        Name = config.Said.Name is null ? settled.Name : null,
        Address = config.Said.Address is null ? settled.Address : null,
        Roles = config.Said.Roles is null ? settled.Roles : null,
        Interfaces = config.Said.Interfaces is null ? settled.Storage.Interfaces : null,
    };

    /// <summary>Whether this daemon has to begin anew to be what was settled.</summary>
    public bool Changes(DaemonConfig settled) =>
        !settled.Address.Equals(config.Address) || Show(settled.Roles) != Show(config.Roles)
        || !settled.Storage.Interfaces.SequenceEqual(config.Storage.Interfaces);

    private static void RefuseOther(string key, string? said, string? asked)
    {
        if (said is not null && asked is not null && said != asked)
        {
            throw new GodwitException(
                "set-in-file", $"The configuration file sets {key} to {said}, and {asked} is asked for.",
                $"Change it in {ConfigFile.DefaultPath} and restart godwitd, or do not ask for it.");
        }
    }

    private static ImmutableArray<string> Roles(ImmutableArray<string> words)
    {
        if (words.IsEmpty)
            throw new GodwitException("bad-roles", "No role is asked for.", ConfigTable.Suggest("", Role.All));
        foreach (var word in words)
        {
            if (!Role.All.Contains(word))
                throw new GodwitException("bad-roles", $"'{word}' is no role of a host.", ConfigTable.Suggest(word, Role.All));
        }
        return [.. words.Distinct()];
    }

    private IPAddress Address(string text)
    {
        if (!IPAddress.TryParse(text, out var address))
            throw new GodwitException("bad-address", $"'{text}' is not an IP address.", "Write it as in 10.9.0.11.");
        if (network.InterfaceOf(address) is null && !IPAddress.IsLoopback(address))
        {
            throw new GodwitException(
                "no-such-address", $"No interface of this host has the address {address}.", $"It has {string.Join(", ", network.Addresses)}.");
        }
        return address;
    }

    private ImmutableArray<string> Interfaces(ImmutableArray<string> names)
    {
        foreach (var name in names)
        {
            if (!network.Interfaces.Contains(name))
            {
                throw new GodwitException(
                    "no-such-interface", $"This host has no network interface '{name}'.", ConfigTable.Suggest(name, network.Interfaces));
            }
        }
        return [.. names.Distinct()];
    }

    /// <summary>The order does not matter.</summary>
    private static string? Show(ImmutableArray<string>? words) =>
        words is { } all ? string.Join(", ", all.Order(StringComparer.Ordinal)) : null;
}
