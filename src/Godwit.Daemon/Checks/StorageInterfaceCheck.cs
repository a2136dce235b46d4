using System.Collections.Immutable;
using Godwit.Aoe.Wire;
using Godwit.Api;
using Godwit.Daemon.Config;
using Godwit.Daemon.Roles;

namespace Godwit.Daemon.Checks;

/// <summary>The network cards of the storage network, as this host has them.</summary>
internal sealed class StorageInterfaceCheck(DaemonConfig config) : IHostCheck
{
    /// <summary>Payload of a frame that carries a page of 4 KiB, which is what guests ask for.</summary>
    private static readonly int PageMtu = AoeProtocol.PayloadBytes(sectors: 8);

    private static readonly Finder Says = new("storage-interface");

    public string Name => Says.Check;

    public Task<IEnumerable<HostFinding>> RunAsync(CheckRound round, CancellationToken cancellationToken) =>
        Task.FromResult<IEnumerable<HostFinding>>(Judge(config.Storage.Interfaces, StorageNetwork.Find(config)));

    /// <param name="named">Those that the configuration names.</param>
    /// <param name="found">Those of them that are there.</param>
    internal static ImmutableArray<HostFinding> Judge(ImmutableArray<string> named, ImmutableArray<StorageInterface> found) => named.IsEmpty
        ? [Says.Error("No network interface of the storage network is configured.", "Set interface in [storage] of godwitd.toml to the card that leads to the storage hosts.")]
        : [.. named.Select(name => Judge(name, found.FirstOrDefault(card => card.Name == name)))];

    private static HostFinding Judge(string name, StorageInterface? card) => card switch
    {
        null => Says.Error($"The storage interface {name} does not exist.", "See `ip link`, and set interface in [storage] of godwitd.toml."),
        { Up: false } => Says.Error($"The storage interface {name} is down.", $"ip link set {name} up; and see that it is brought up when the host starts."),
        _ when card.Mtu < PageMtu => Says.Warning(
            $"The storage interface {name} has an MTU of {card.Mtu}, so that a frame carries {AoeProtocol.SectorsPerFrame(card.Mtu) * AoeProtocol.SectorBytes} bytes of a disk.",
            $"ip link set {name} mtu 9000, on all hosts, if the switch passes jumbo frames."),
        _ => Says.Ok($"The storage interface {name} is up, with an MTU of {card.Mtu}."),
    };
}
