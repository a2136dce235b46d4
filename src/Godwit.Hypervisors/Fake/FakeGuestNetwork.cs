using System.Collections.Immutable;
using System.Net;
using Godwit.Domains;

namespace Godwit.Hypervisors.Fake;

/// <summary>
/// The switch that joins the hosts' bridges: it sends a guest's frames to where it last heard the guest from. A
/// pinned address is not learned anew, as in a bridge's forwarding table.
/// </summary>
public sealed class FakeSwitch
{
    private readonly Dictionary<MacAddress, string> _hosts = [];

    /// <summary>Host that gets the frames for an address; null before it was heard.</summary>
    public string? HostOf(MacAddress mac) => _hosts.GetValueOrDefault(mac);

    /// <summary>A frame from this address was heard on a host.</summary>
    public void Heard(MacAddress mac, string host) => _hosts[mac] = host;
}

/// <summary>The bridges of one host in a simulation: records who has the guests' frames.</summary>
public sealed class FakeGuestNetwork(string host, FakeSwitch network) : IGuestNetwork
{
    private readonly Dictionary<MacAddress, ImmutableArray<IPAddress>> _learned = [];
    private readonly HashSet<string> _pinned = [];
    private readonly HashSet<string> _noting = [];

    public ImmutableArray<string> Bridges { get; init; } = ["xenbr0"];

    /// <summary>Ports with a pinned address; none is left once all moves have ended.</summary>
    public IReadOnlyCollection<string> Pinned => _pinned;

    public void CheckBridge(string bridge)
    {
        if (!Bridges.Contains(bridge))
            throw new GodwitException("no-such-bridge", $"{host} has no bridge {bridge}.", $"It has {string.Join(", ", Bridges)}.");
    }

    public ImmutableArray<IPAddress> LearnedAddresses(MacAddress mac) => _learned.GetValueOrDefault(mac, []);

    public void Watch(GuestPort port, ImmutableArray<IPAddress> known) => _learned[port.Mac] = known;

    public void Unwatch(GuestPort port) => _learned.Remove(port.Mac);

    public Task AnnounceAsync(GuestPort port, ImmutableArray<IPAddress> addresses, CancellationToken cancellationToken)
    {
        _pinned.Add(port.Device);
        network.Heard(port.Mac, host);
        return Task.CompletedTask;
    }

    public Task SettleAsync(GuestPort port, ImmutableArray<IPAddress> addresses, CancellationToken cancellationToken)
    {
        network.Heard(port.Mac, host);
        _pinned.Remove(port.Device);
        return Task.CompletedTask;
    }

    public Task WithdrawAsync(GuestPort port, CancellationToken cancellationToken)
    {
        _pinned.Remove(port.Device);
        return Task.CompletedTask;
    }

    /// <summary>Ports whose frames are noted; none is left once all moves have ended.</summary>
    public IReadOnlyCollection<string> Noting => _noting;

    public void Note(GuestPort port) => _noting.Add(port.Device);

    public ImmutableArray<byte[]> Take(GuestPort port, IReadOnlyList<byte[]> waiting, DateTimeOffset stopped)
    {
        // One frame that tells whose it is.
        return _noting.Remove(port.Device) ? [port.Mac.ToBytes()] : [];
    }

    public void Deliver(GuestPort port, IReadOnlyList<byte[]> frames)
    {
        if (frames.Any(frame => !frame.AsSpan().SequenceEqual(port.Mac.ToBytes())))
            throw new InvalidOperationException($"{port.Mac} was given the frames of another.");
    }

    public void Forget(GuestPort port) => _noting.Remove(port.Device);

    /// <summary>What a daemon noted ends with it.</summary>
    public void LoseDaemon() => _noting.Clear();

    /// <summary>The port is gone with its engine, and what was pinned to it as well.</summary>
    public void PortsGone(IEnumerable<string> devices) => _pinned.ExceptWith(devices);
}
