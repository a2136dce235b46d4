using System.Collections.Immutable;
using System.Net.NetworkInformation;
using Godwit.Daemon.Config;
using Godwit.Domains;

namespace Godwit.Daemon.Roles;

/// <summary>This host's card on the storage network.</summary>
internal static class StorageNetwork
{
    /// <summary>Its Ethernet addresses; none where the configuration names no card, or one that is not there.</summary>
    public static ImmutableArray<MacAddress> Macs(DaemonConfig config) =>
    [
        .. NetworkInterface.GetAllNetworkInterfaces()
            .Where(card => card.Name == config.Storage.Interface)
            .Select(card => card.GetPhysicalAddress().GetAddressBytes())
            .Where(bytes => bytes.Length == MacAddress.Length)
            .Select(bytes => MacAddress.Read(bytes)),
    ];
}
