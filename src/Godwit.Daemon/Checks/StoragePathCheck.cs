using System.Collections.Immutable;
using Godwit.Aoe;
using Godwit.Aoe.Initiator;
using Godwit.Aoe.Wire;
using Godwit.Api;
using Godwit.Daemon.Config;
using Godwit.Daemon.Members;
using Godwit.Daemon.Transport;
using Godwit.Domains;
using Godwit.Pool;

namespace Godwit.Daemon.Checks;

/// <summary>
/// How long frames may be on the way to each storage host, measured on each storage interface. A switch port that passes less
/// than both ends believe swallows the frames of every large request, and disks stand still without a word.
/// </summary>
internal sealed class StoragePathCheck(
    DaemonConfig config, Membership membership, PeerDirectory directory, IRegistry registry, TimeProvider time) : IHostCheck
{
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(150);
    private static readonly Finder Says = new("storage-path");

    public string Name => Says.Check;

    public async Task<IEnumerable<HostFinding>> RunAsync(CheckRound round, CancellationToken cancellationToken)
    {
        if (membership.Current is null)
            return [];
        var hosts = (await directory.ListAsync(cancellationToken)).Where(host => host.Roles.Contains(Role.Storage) && host.Name != config.Name).ToList();
        if (hosts.Count == 0)
            return config.Has(Role.Storage) ? [] : [Says.Error("The pool has no storage host.", "Let a host with the role storage join it.")];
        // Opened one by one on threads of their own: they block while they wait.
        var measured = await Task.WhenAll(config.Storage.Interfaces.Select(name => Task.Run(() => TryMeasure(name), cancellationToken)));
        var volumes = await registry.ListVolumesAsync(cancellationToken);
        var peers = await round.PeersAsync();
        var interfaces = measured.SelectMany(found => found).ToList();
        return interfaces.SelectMany(way => hosts.Select(host => Judge(new StoragePath(
            way.Interface, way.Mtu, host.Name,
            [.. way.Targets.Where(target => host.StorageMacs.Contains(target.Found.Mac)).Select(target => new MeasuredTarget(
                target.Found.SectorsPerFrame, target.Measured, FindCard(peers, host.Name, target.Found.Mac)))],
            volumes.Count(volume => volume.StorageHost == host.Name),
            interfaces.Any(other => other.Targets.Any(target => host.StorageMacs.Contains(target.Found.Mac)))))));
    }

    internal static HostFinding Judge(StoragePath way)
    {
        var from = $"Frames on {way.Interface} to {way.Host}";
        if (way.Targets.IsEmpty)
        {
            var remedy = $"See that the cards of the storage network are up on both hosts and in one VLAN; `godwit-aoe discover -i {way.Interface}` asks again.";
            return way switch
            {
                { Answers: true } => Says.Warning($"{way.Host} answers on another interface, and not on {way.Interface}: there is one way less to its disks.", remedy),
                { Volumes: 0 } => Says.Unknown($"{from} cannot be measured: it serves no volume yet.", "Make one with `godwit volume create`, and check again."),
                _ => Says.Error($"{way.Host} has volumes, and none of its targets answers on {way.Interface}.", remedy),
            };
        }
        // The shortest way decides: a disk may be on any of them.
        var target = way.Targets.MinBy(target => target.Measured.Mtu)!;
        var passes = target.Measured.Mtu;
        if (passes == 0)
            return Says.Error($"{way.Host} was heard on {way.Interface} and then answered nothing.", "Frames are lost on the way: look at the cables and the switch.");
        var ways = target.Measured.BothWays ? "both ways" : "on the way there";
        if (passes >= way.Mtu)
            return Says.Ok($"{from} pass up to {passes} bytes {ways}, all that {way.Interface} carries.");
        var hop = Hop(way, target.Card, passes);
        // Rounded: a switch may let through a few bytes more than it is set to, for the tag of a VLAN.
        var shorten = $"Raise it, or set all cards of the storage network to it: ip link set {way.Interface} mtu {passes / 100 * 100}";
        // What the initiator sends at most: whole sectors, as many as both ends carry.
        var used = AoeProtocol.PayloadBytes(Math.Min(AoeProtocol.SectorsPerFrame(way.Mtu), target.SectorsPerFrame));
        return used > passes
            ? Says.Error($"{from} pass up to {passes} bytes {ways}, though {way.Interface} has an MTU of {way.Mtu}: larger ones are lost, and disks stand still. {hop}", shorten)
            : Says.Warning($"{from} pass up to {passes} bytes {ways}, less than the MTU of {way.Interface}, {way.Mtu}. {hop}", shorten);
    }

    private static string Hop(StoragePath way, StorageInterface? card, int passes) => card switch
    {
        null => $"Whether the hop that is smaller is {way.Host} or between the hosts is not known.",
        _ when card.Mtu <= passes => $"The hop that is smaller is {card.Name} of {way.Host}, with an MTU of {card.Mtu}.",
        _ => $"The hop that is smaller is between the hosts, for {card.Name} of {way.Host} has an MTU of {card.Mtu}: a port of a switch.",
    };

    private static StorageInterface? FindCard(ImmutableArray<PeerView> peers, string host, MacAddress mac) => peers
        .FirstOrDefault(peer => peer.Name == host)?.Facts?.StorageInterfaces
        .FirstOrDefault(card => card.Mac == mac.ToString());

    // None where the interface cannot be used, which another check tells.
    private ImmutableArray<MeasuredInterface> TryMeasure(string name)
    {
        try
        {
            return [Measure(name)];
        }
        catch (Exception e) when (e is GodwitException or IOException)
        {
            return [];
        }
    }

    private MeasuredInterface Measure(string name)
    {
        IReadOnlyList<FoundTarget> found;
        using (var discovery = new AoeDiscovery(PacketLink.Open(name, AoeFilters.AllAnswers), time))
            found = discovery.Find(null, 2 * Patience);
        var link = PacketLink.Open(name, AoeFilters.AllAnswers);
        using var probe = new PathProbe(link, time);
        // All targets of one card are behind the same cables.
        return new MeasuredInterface(
            name, link.Mtu, [.. found.DistinctBy(target => target.Mac).Select(target => (target, probe.Measure(target, Patience)))]);
    }

    private sealed record MeasuredInterface(string Interface, int Mtu, ImmutableArray<(FoundTarget Found, PathMeasure Measured)> Targets);
}

/// <summary>The way from a storage interface to a storage host.</summary>
/// <param name="Mtu">Of the interface.</param>
/// <param name="Targets">One for each card of the host's that answered.</param>
/// <param name="Volumes">So many it serves, as the registry has them.</param>
/// <param name="Answers">It answered, on this interface or another.</param>
internal sealed record StoragePath(
    string Interface, int Mtu, string Host, ImmutableArray<MeasuredTarget> Targets, int Volumes, bool Answers);

/// <param name="SectorsPerFrame">Most that it takes, as it says.</param>
/// <param name="Card">The card behind its address; null where the host did not tell of it.</param>
internal sealed record MeasuredTarget(int SectorsPerFrame, PathMeasure Measured, StorageInterface? Card);
