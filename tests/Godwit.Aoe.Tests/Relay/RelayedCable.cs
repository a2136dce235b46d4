using System.Diagnostics;
using Godwit.Aoe.Tests.EndToEnd;

namespace Godwit.Aoe.Tests.Relay;

/// <summary>
/// A namespace for a target, and an interface here that leads to it through a relay of this process; all gone when disposed.
/// <code>
///   here                                         | namespace
///   Name ══ veth ══ relay's one … relay's two ══ veth ══ st0
/// </code>
/// </summary>
internal sealed class RelayedCable : IDisposable
{
    private static int _count;
    private readonly string _near, _far;
    private readonly List<Process> _started = [];
    private readonly FrameRelay _relay;

    private readonly bool _owns;

    /// <param name="faults">What the relay does.</param>
    /// <param name="beside">A cable to the same namespace, where this one ends at <c>st1</c>.</param>
    public RelayedCable(RelayFaults faults, RelayedCable? beside = null)
    {
        _owns = beside is null;
        var end = _owns ? "st0" : "st1";
        var unique = $"gw{Environment.ProcessId}r{Interlocked.Increment(ref _count)}";
        (Namespace, Name, _near, _far) = (beside?.Namespace ?? unique, unique + "i", unique + "n", unique + "f");
        if (_owns) Ip("netns", "add", Namespace);
        Ip("link", "add", Name, "type", "veth", "peer", "name", _near);
        Ip("link", "add", _far, "type", "veth", "peer", "name", end, "netns", Namespace);
        foreach (var name in new[] { Name, _near, _far }) Ip("link", "set", name, "up", "mtu", "9000");
        Ip("-n", Namespace, "link", "set", end, "up", "mtu", "9000");
        _relay = new FrameRelay(_near, _far, faults);
    }

    public string Namespace { get; }

    /// <summary>The interface whose frames go through the relay.</summary>
    public string Name { get; }

    public FrameRelay Relay => _relay;

    public void Start(params string[] command) => _started.Add(Process.Start(new ProcessStartInfo("ip", ["netns", "exec", Namespace, .. command]))!);

    public void Dispose()
    {
        _relay.Dispose();
        foreach (var process in _started)
        {
            if (!process.HasExited) process.Kill();
            process.WaitForExit();
            process.Dispose();
        }
        VethPair.Run("ip", "link", "del", Name);
        VethPair.Run("ip", "link", "del", _far);
        if (_owns) VethPair.Run("ip", "netns", "del", Namespace);
    }

    private static void Ip(params string[] arguments)
    {
        var (code, output) = VethPair.Run("ip", arguments);
        Assert.True(code == 0, $"ip {string.Join(' ', arguments)}: {output}");
    }
}
