using System.Collections.Immutable;
using System.Net.NetworkInformation;
using Godwit.Api;
using Godwit.Daemon.Config;
using Godwit.Domains;
using Godwit.Native;
using Godwit.Native.Packets;

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

    /// <summary>The cards as they are now; those that are not there are left out.</summary>
    public static ImmutableArray<StorageInterface> Find(DaemonConfig config) =>
        [.. config.Storage.Interfaces.Select(TryFind).OfType<StorageInterface>()];

    private static StorageInterface? TryFind(string name)
    {
        try
        {
            var card = PacketInterface.Find(name);
            return new StorageInterface(name, MacAddress.Read(card.Address.Span).ToString(), card.Mtu, card.Up);
        }
        catch (NativeException)
        {
            return null;
        }
    }
}
