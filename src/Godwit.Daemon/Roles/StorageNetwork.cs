using System.Collections.Immutable;
using System.Net.NetworkInformation;
using Godwit.Daemon.Config;
using Godwit.Domains;

namespace Godwit.Daemon.Roles;

/// <summary>This host's cards on the storage network.</summary>
internal static class StorageNetwork
{
    /// <summary>Their Ethernet addresses; none of a card that is not there.</summary>
    public static ImmutableArray<MacAddress> Macs(DaemonConfig config) =>
    [
        .. NetworkInterface.GetAllNetworkInterfaces()
            .Where(card => config.Storage.Interfaces.Contains(card.Name))
            .Select(card => card.GetPhysicalAddress().GetAddressBytes())
            .Where(bytes => bytes.Length == MacAddress.Length)
            .Select(bytes => MacAddress.Read(bytes)),
    ];
}
