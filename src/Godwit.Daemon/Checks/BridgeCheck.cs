using System.Collections.Immutable;
using Godwit.Api;
using Godwit.Daemon.Config;

namespace Godwit.Daemon.Checks;

/// <summary>Whether there is a bridge for guests, and whether it leads anywhere.</summary>
internal sealed class BridgeCheck(DaemonConfig config) : IHostCheck
{
    private const string Devices = "/sys/class/net";
    private static readonly Finder Says = new("bridge");

    public string Name => Says.Check;

    public Task<IEnumerable<HostFinding>> RunAsync(CheckRound round, CancellationToken cancellationToken) =>
        Task.FromResult<IEnumerable<HostFinding>>(config.Has(Role.Compute) ? Judge(Find()) : []);

    internal static ImmutableArray<HostFinding> Judge(ImmutableArray<BridgeFacts> bridges) => bridges.IsEmpty
        ? [Says.Error("There is no bridge for guests.", "Make one with the network card of the guests' network in it, such as xenbr0 in /etc/network/interfaces (bridge_ports eth0; package bridge-utils).")]
        : [.. bridges.Select(Judge)];

    private static HostFinding Judge(BridgeFacts bridge) => bridge switch
    {
        { Up: false } => Says.Warning($"The bridge {bridge.Name} is down.", $"ip link set {bridge.Name} up"),
        { Cards.IsEmpty: true } => Says.Warning(
            $"The bridge {bridge.Name} has no network card in it: guests reach this host and each other only, and lose their connections when they move.",
            $"ip link set CARD master {bridge.Name}"),
        _ => Says.Ok($"Guests can be on the bridge {bridge.Name}, which leads to {string.Join(", ", bridge.Cards)}."),
    };

    private static ImmutableArray<BridgeFacts> Find() =>
    [
        .. Directory.EnumerateDirectories(Devices)
            .Where(device => Directory.Exists(Path.Combine(device, "bridge")))
            .Order(StringComparer.Ordinal)
            .Select(device => new BridgeFacts(Path.GetFileName(device), IsUp(device), Cards(device))),
    ];

    // Taps of guests are ports, too, and lead nowhere.
    private static ImmutableArray<string> Cards(string bridge) =>
    [
        .. Directory.EnumerateFileSystemEntries(Path.Combine(bridge, "brif"))
            .Select(port => Path.GetFileName(port))
            .Where(port => !File.Exists(Path.Combine(Devices, port, "tun_flags")))
            .Order(StringComparer.Ordinal),
    ];

    private static bool IsUp(string device) => (Convert.ToInt32(File.ReadAllText(Path.Combine(device, "flags")).Trim(), 16) & 1) != 0;
}

/// <param name="Cards">Its ports, without the taps of guests.</param>
internal sealed record BridgeFacts(string Name, bool Up, ImmutableArray<string> Cards);
