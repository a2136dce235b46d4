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
}
