using System.Globalization;
using Godwit.Domains;

namespace Godwit.Hypervisors.Network;

/// <summary>The bridges of this host, as sysfs shows them.</summary>
internal static class Bridges
{
    private const string Devices = "/sys/class/net";

    public static IEnumerable<string> Names => Directory.EnumerateFileSystemEntries(Devices)
        .Where(path => Directory.Exists(Path.Combine(path, "bridge")))
        .Select(path => Path.GetFileName(path))
        .Order(StringComparer.Ordinal);

    /// <exception cref="GodwitException">There is no bridge of that name.</exception>
    public static void Check(string name)
    {
        if (name.Length > 0 && !name.Contains('/') && Directory.Exists(Path.Combine(Devices, name, "bridge"))) return;
        var known = string.Join(", ", Names);
        var what = name.Length > 0 && !name.Contains('/') && Path.Exists(Path.Combine(Devices, name)) ? "is no bridge" : "does not exist";
        throw new GodwitException(
            "no-such-bridge",
            $"The bridge '{name}' {what} on this host{(known.Length > 0 ? $"; known are {known}" : " and there is no other")}.",
            $"Name an existing bridge in vif, or make this one: ip link add {name} type bridge && ip link set {name} up");
    }

    /// <summary>Whether the guest's port is there.</summary>
    public static bool HasPort(GuestPort port) => Directory.Exists(Path.Combine(Devices, port.Device, "brport"));

    /// <summary>
    /// Whether the bridge sends a guest's frames to this port, or does not know where to send them. False once the
    /// guest was heard elsewhere, and when the port is gone.
    /// </summary>
    /// <remarks>
    /// <c>brforward</c> holds entries of 16 bytes (linux/if_bridge.h, struct __fdb_entry): address (6), low byte of the
    /// port's number, is local, age in ticks (4), high byte of the port's number, 3 unused.
    /// </remarks>
    public static bool IsAt(GuestPort port)
    {
        const int EntryLength = 16, PortLow = 6, PortHigh = 12;
        try
        {
            var text = File.ReadAllText(Path.Combine(Devices, port.Device, "brport", "port_no")).Trim();
            var number = int.Parse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
            ReadOnlySpan<byte> table = File.ReadAllBytes(Path.Combine(Devices, port.Bridge, "brforward"));
            for (; table.Length >= EntryLength; table = table[EntryLength..])
                if (MacAddress.Read(table) == port.Mac) return (table[PortHigh] << 8 | table[PortLow]) == number;
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }
}
