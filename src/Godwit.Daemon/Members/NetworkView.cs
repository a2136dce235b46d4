using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace Godwit.Daemon.Members;

/// <summary>This host's interfaces and addresses.</summary>
internal interface INetworkView
{
    IReadOnlyCollection<string> Interfaces { get; }

    IEnumerable<IPAddress> Addresses { get; }

    /// <summary>The interface that has an address; null for none, and for the loopback's.</summary>
    string? InterfaceOf(IPAddress address);

    /// <summary>The address that this host has on the way to another; null when there is no way.</summary>
    /// <param name="other">The other; null for the way out, to wherever the default route leads.</param>
    IPAddress? SourceTowards(IPAddress? other);
}

internal sealed class NetworkView : INetworkView
{
    /// <summary>An address that is nobody's (RFC 5737), so that only the default route leads to it.</summary>
    private static readonly IPAddress Far = IPAddress.Parse("203.0.113.1");

    public IReadOnlyCollection<string> Interfaces => [.. Cards().Select(card => card.Name)];

    public IEnumerable<IPAddress> Addresses => Cards().SelectMany(AddressesOf);

    public string? InterfaceOf(IPAddress address) => Cards().FirstOrDefault(card => AddressesOf(card).Contains(address))?.Name;

    public IPAddress? SourceTowards(IPAddress? other)
    {
        var target = other ?? Far;
        using var socket = new Socket(target.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            // Sends nothing: it only asks the routes. Any port will do.
            socket.Connect(target, 9);
        }
        catch (SocketException)
        {
            return null;
        }
        return ((IPEndPoint)socket.LocalEndPoint!).Address;
    }

    private static IEnumerable<NetworkInterface> Cards() =>
        NetworkInterface.GetAllNetworkInterfaces().Where(card => card.NetworkInterfaceType != NetworkInterfaceType.Loopback);

    private static IEnumerable<IPAddress> AddressesOf(NetworkInterface card) =>
        card.GetIPProperties().UnicastAddresses.Select(unicast => unicast.Address);
}
