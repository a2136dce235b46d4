using Godwit.Domains;
using Godwit.Native;
using Godwit.Native.Network;
using Godwit.Native.Packets;
using Microsoft.Win32.SafeHandles;

namespace Godwit.Hypervisors.Network;

/// <summary>The tap by which a guest is a port of a bridge.</summary>
internal static class GuestTap
{
    /// <summary>The highest first byte that a locally administered address has: a bridge takes its lowest port's for itself.</summary>
    private const ulong HighestFirstByte = 0xfeUL << 40, OtherBytes = (1UL << 40) - 1;

    /// <summary>The port that a copy's interface gets; its name is made of the end of an id of its copy or domain, the random part.</summary>
    public static GuestPort Describe(Guid id, int index, InterfaceSpec nic) =>
        new(nic.Mac, $"gw{id.ToString("N")[^10..]}.{index}", nic.Bridge);

    /// <summary>Makes the tap, adds it to its bridge and sets it up. It lives as long as the handle or a duplicate of it.</summary>
    /// <param name="port">Its name and bridge.</param>
    /// <param name="mtu">Bytes; null for the bridge's.</param>
    public static SafeFileHandle Create(GuestPort port, int? mtu)
    {
        Bridges.Check(port.Bridge);
        var handle = TapDevice.Create(port.Device);
        try
        {
            // The host itself has nothing to say on the guest's port.
            var quiet = $"/proc/sys/net/ipv6/conf/{port.Device}/disable_ipv6";
            if (File.Exists(quiet)) File.WriteAllText(quiet, "1");
            NetworkDevice.SetAddress(port.Device, new MacAddress((port.Mac.Value & OtherBytes) | HighestFirstByte).ToBytes());
            NetworkDevice.SetMtu(port.Device, mtu ?? PacketInterface.Find(port.Bridge).Mtu);
            NetworkDevice.AddToBridge(port.Bridge, port.Device);
            NetworkDevice.SetUp(port.Device);
            return handle;
        }
        catch (Exception e)
        {
            handle.Dispose();
            if (e is NativeException)
                throw new GodwitException("no-guest-port", $"The guest's port on bridge {port.Bridge} cannot be made: {e.Message}", null, e);
            throw;
        }
    }
}
