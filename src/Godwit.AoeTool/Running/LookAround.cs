using System.Net.NetworkInformation;
using Godwit.Aoe;
using Godwit.Aoe.Initiator;
using Godwit.Aoe.Wire;
using Godwit.Domains;
using Godwit.Native.Packets;

namespace Godwit.AoeTool.Running;

/// <summary>Looks for targets on several interfaces at once.</summary>
internal static class LookAround
{
    public static async Task<IReadOnlyList<(FoundTarget Target, TargetDetails? Details)>> FindAsync(
        IReadOnlyList<string> interfaces, AoeAddress? only, TimeSpan patience, bool describe)
    {
        if (interfaces.Count == 0) interfaces = Usable();
        if (interfaces.Count == 0)
            throw new GodwitException("no-interface", "No Ethernet interface is up.", "ip link set IF up, or name one with --interface.");
        // Opened here, so that they belong to this thread's network namespace.
        var links = interfaces.Distinct().Select(i => PacketLink.Open(i, AoeFilters.AllAnswers)).ToList();
        var found = await Task.WhenAll(links.Select(link => Task.Run(() => Look(link, only, patience, describe)))).ConfigureAwait(false);
        return [.. found.SelectMany(f => f).OrderBy(f => f.Target.Address)];
    }

    private static List<(FoundTarget Target, TargetDetails? Details)> Look(PacketLink link, AoeAddress? only, TimeSpan patience, bool describe)
    {
        using var discovery = new AoeDiscovery(link, TimeProvider.System);
        return [.. discovery.Find(only, patience).Select(t => (t, describe ? discovery.Describe(t, patience) : null))];
    }

    // By the administrative flag: the operational state lags behind by up to a second.
    private static List<string> Usable() =>
    [
        .. NetworkInterface.GetAllNetworkInterfaces()
            .Where(i => i.NetworkInterfaceType != NetworkInterfaceType.Loopback
                && i.GetPhysicalAddress().GetAddressBytes().Length == MacAddress.Length)
            .Select(i => i.Name)
            .Where(name => PacketInterface.Find(name).Up)
            .Order(StringComparer.Ordinal),
    ];
}
