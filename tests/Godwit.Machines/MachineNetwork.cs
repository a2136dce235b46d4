using Godwit.Native.Processes;

namespace Godwit.Machines;

/// <summary>
/// The switches of a site, in a network namespace of their own: this machine's network has no part in it.
/// <code>
///   lan  1500   10.9.0.1/24: where tests ping and connect from     NAME-lan, a tap for each machine's eth0
///   san  9000   storage only: AoE needs no address                 NAME-san, a tap for each machine's eth1
/// </code>
/// </summary>
public sealed class MachineNetwork : IAsyncDisposable
{
    public const string Address = "10.9.0.1";
    public const int StorageMtu = 9000;
    private const string Bridge = "type bridge stp_state 0 forward_delay 0 mcast_snooping 0";

    private MachineNetwork(string name) => Namespace = name;

    /// <summary>Name as <c>ip netns</c> shows it.</summary>
    public string Namespace { get; }

    /// <summary>Makes the switches. What an earlier run that was killed has left under this name is cleared away.</summary>
    public static async Task<MachineNetwork> CreateAsync(string name, CancellationToken ct)
    {
        var network = new MachineNetwork(name);
        await network.DisposeAsync().ConfigureAwait(false);
        await ProgramRunner.RunAsync(["ip", "netns", "add", name], null, ct).ConfigureAwait(false);
        await network.BatchAsync(
            $"""
            link set lo up
            link add lan mtu 1500 {Bridge}
            link add san mtu {StorageMtu} {Bridge}
            link set lan up
            link set san up
            address add {Address}/24 dev lan
            """, ct).ConfigureAwait(false);
        return network;
    }

    /// <summary>Plugs a machine in; it may be there before the machine is.</summary>
    public Task AddPortsAsync(string machine, CancellationToken ct)
    {
        var (lan, san) = Ports(machine);
        return BatchAsync(
            $"""
            tuntap add {lan} mode tap
            tuntap add {san} mode tap
            link set {san} mtu {StorageMtu}
            link set {lan} master lan up
            link set {san} master san up
            """, ct);
    }

    /// <summary>Names of the taps of a machine.</summary>
    public static (string Lan, string San) Ports(string machine) => (machine + "-lan", machine + "-san");

    /// <summary>A command that runs inside.</summary>
    public IReadOnlyList<string> Enter(params IEnumerable<string> command) => ["ip", "netns", "exec", Namespace, .. command];

    public async ValueTask DisposeAsync()
    {
        if (!File.Exists("/run/netns/" + Namespace)) return;
        // Only those of a run that was killed itself: machines that were ended are gone before their network is.
        var left = await ProgramRunner.RunAsync(["ip", "netns", "pids", Namespace]).ConfigureAwait(false);
        foreach (var pid in left.Split('\n', StringSplitOptions.RemoveEmptyEntries))
            await ProgramRunner.TryRunAsync(["kill", "-KILL", pid]).ConfigureAwait(false);
        await ProgramRunner.RunAsync(["ip", "netns", "delete", Namespace]).ConfigureAwait(false);
    }

    private Task<string> BatchAsync(string commands, CancellationToken ct) =>
        ProgramRunner.RunAsync(["ip", "-n", Namespace, "-batch", "-"], commands + "\n", ct);
}
