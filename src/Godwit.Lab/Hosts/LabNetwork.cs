using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Godwit.Native.Processes;

namespace Godwit.Lab.Hosts;

/// <summary>
/// The cables and switches of a lab. Every link is made inside its namespaces, so the machine's own network never sees
/// any of them.
/// </summary>
/// <code>
///   NAME-switch      lan (bridge, 1500)          san (bridge, 9000)
///                     │ resource-1-lan            │ resource-1-san
///   ──────────────────┼───────────────────────────┼──────────────── veth pairs
///   NAME-resource-1   │ eth0                      │ san0   storage only: AoE needs no address
///                    xenbr0  10.9.0.11/24, the guests' bridge
/// </code>
internal sealed class LabNetwork(LabPaths paths)
{
    private const string Bridge = "type bridge stp_state 0 forward_delay 0 mcast_snooping 0";

    public async Task<IReadOnlySet<string>> ListNamespacesAsync(CancellationToken ct)
    {
        var output = await ProgramRunner.RunAsync(["ip", "netns", "list"], null, ct).ConfigureAwait(false);
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split(' ')[0])
            .Where(name => name.StartsWith(paths.Lab + "-", StringComparison.Ordinal))
            .ToImmutableHashSet();
    }

    public async Task AddSwitchAsync(CancellationToken ct)
    {
        await AddNamespaceAsync(paths.SwitchNamespace, ct).ConfigureAwait(false);
        await BatchAsync(paths.SwitchNamespace,
            $"""
            link set lo up
            link add lan mtu 1500 {Bridge}
            link add san mtu 9000 {Bridge}
            link set lan up
            link set san up
            """, ct).ConfigureAwait(false);
    }

    /// <summary>A machine with its two links plugged in. An earlier namespace of that name must be gone.</summary>
    public async Task AddHostAsync(LabHostSpec host, CancellationToken ct)
    {
        var inside = paths.Namespace(host.Name);
        var (lan, san) = Ports(host.Name);
        await AddNamespaceAsync(inside, ct).ConfigureAwait(false);
        // The other end of a cable whose machine is gone goes a little later, when the kernel clears the namespace.
        await RemovePortsAsync(host.Name, ct).ConfigureAwait(false);
        await BatchAsync(paths.SwitchNamespace,
            $"""
            link add {lan} mtu 1500 type veth peer name eth0 netns {inside} address {Mac(host, 0)} mtu 1500
            link add {san} mtu 9000 type veth peer name san0 netns {inside} address {Mac(host, 1)} mtu 9000
            link set {lan} master lan up
            link set {san} master san up
            """, ct).ConfigureAwait(false);
        // The bridge's address is given: left alone it becomes the lowest of its ports' and changes with each guest.
        await BatchAsync(inside,
            $"""
            link set lo up
            link add xenbr0 address {Mac(host, 0)} {Bridge}
            link set eth0 master xenbr0 up
            link set xenbr0 up
            link set san0 up
            address add {host.Address}/24 dev xenbr0
            """, ct).ConfigureAwait(false);
    }

    /// <summary>Pulls both cables at the switch's end.</summary>
    public Task UnplugAsync(string host, CancellationToken ct)
    {
        var (lan, san) = Ports(host);
        return BatchAsync(paths.SwitchNamespace, $"link set {lan} down\nlink set {san} down\n", ct);
    }

    /// <summary>Removes the namespace and all links in it; nothing happens where there is none.</summary>
    public static async Task RemoveNamespaceAsync(string name, CancellationToken ct)
    {
        if (!File.Exists("/run/netns/" + name)) return;
        await ProgramRunner.RunAsync(["ip", "netns", "delete", name], null, ct).ConfigureAwait(false);
    }

    public async Task RemovePortsAsync(string host, CancellationToken ct)
    {
        var (lan, san) = Ports(host);
        foreach (var port in (string[])[lan, san])
        {
            // May be gone already: only a port that stays would be an error, which the next `link add` tells.
            await ProgramRunner.TryRunAsync(
                ["ip", "-n", paths.SwitchNamespace, "link", "delete", port], ct: ct).ConfigureAwait(false);
        }
    }

    private static (string Lan, string San) Ports(string host) => ($"{host}-lan", $"{host}-san");

    /// <summary>Locally administered and the same each time, so that a host that returns has its old address.</summary>
    private string Mac(LabHostSpec host, byte link)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{paths.Lab}/{host.Name}"));
        return string.Create(CultureInfo.InvariantCulture, $"02:67:{hash[0]:x2}:{hash[1]:x2}:{hash[2]:x2}:{link:x2}");
    }

    /// <summary>
    /// Without duplicate address detection an address can be used at once; IPv6 may be absent from the kernel.
    /// </summary>
    private static async Task AddNamespaceAsync(string name, CancellationToken ct)
    {
        await ProgramRunner.RunAsync(["ip", "netns", "add", name], null, ct).ConfigureAwait(false);
        const string noDetection =
            "for i in all default; do f=/proc/sys/net/ipv6/conf/$i/accept_dad; [ ! -e $f ] || echo 0 > $f; done";
        await ProgramRunner.RunAsync(["ip", "netns", "exec", name, "sh", "-c", noDetection], null, ct)
            .ConfigureAwait(false);
    }

    private static Task<string> BatchAsync(string inside, string commands, CancellationToken ct) =>
        ProgramRunner.RunAsync(["ip", "-n", inside, "-batch", "-"], commands + "\n", ct);
}
