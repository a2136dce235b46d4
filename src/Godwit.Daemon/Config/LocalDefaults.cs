using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace Godwit.Daemon.Config;

/// <summary>What a host is called and where it is reached when its configuration does not say.</summary>
/// <param name="Name">First label of its host name, in small letters.</param>
/// <param name="Address">Its first address that is not a loopback one.</param>
internal sealed record LocalDefaults(string Name, IPAddress Address)
{
    public static LocalDefaults OfThisHost() =>
        new(Environment.MachineName.Split('.')[0].ToLowerInvariant(), FirstAddress());

    private static IPAddress FirstAddress() => NetworkInterface.GetAllNetworkInterfaces()
        .Where(card => card.OperationalStatus == OperationalStatus.Up && card.NetworkInterfaceType != NetworkInterfaceType.Loopback)
        .SelectMany(card => card.GetIPProperties().UnicastAddresses)
        .Select(unicast => unicast.Address)
        .Where(address => !address.IsIPv6LinkLocal)
        .OrderBy(address => address.AddressFamily == AddressFamily.InterNetwork ? 0 : 1)
        .FirstOrDefault() ?? IPAddress.Loopback;
}
