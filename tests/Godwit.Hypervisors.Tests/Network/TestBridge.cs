using Godwit.Native.Network;
using Godwit.Native.Packets;
using Godwit.Native.Processes;

namespace Godwit.Hypervisors.Tests.Network;

/// <summary>A bridge with a cable to a network namespace of its own, as to the switch behind a host.</summary>
internal sealed class TestBridge : IAsyncDisposable
{
    private readonly string _id = Guid.NewGuid().ToString("N")[..6];

    public string Name => "gwb" + _id;

    public string Uplink => "gwu" + _id;

    public string Namespace => "gwn" + _id;

    public static async Task<TestBridge> MakeAsync()
    {
        var bridge = new TestBridge();
        await ShellAsync($"""
            ip link add {bridge.Name} type bridge
            ip link set {bridge.Name} up
            ip netns add {bridge.Namespace}
            ip link add {bridge.Uplink} type veth peer name eth0 netns {bridge.Namespace}
            ip link set {bridge.Uplink} master {bridge.Name} up
            ip -n {bridge.Namespace} address add 10.77.0.1/24 dev eth0
            ip -n {bridge.Namespace} link set eth0 up
            """);
        return bridge;
    }

    /// <summary>A socket at the far end of the cable, for frames of any kind.</summary>
    public PacketSocket Listen()
    {
        using var space = NetworkNamespace.OpenNamed(Namespace);
        return space.Run(() => PacketSocket.Open("eth0", new PacketSocketOptions { EtherType = 3 }));
    }

    /// <summary>Ends once the cable and a further port carry frames: the kernel takes up to a second for it.</summary>
    public async Task ForwardsAsync(string port)
    {
        foreach (var device in (string[])[Uplink, port])
        {
            while ((await File.ReadAllTextAsync($"/sys/class/net/{device}/brport/state")).Trim() != "3")
                await Task.Delay(10);
        }
        // A port forwards before its own link is told to be there.
        while ((await File.ReadAllTextAsync($"/sys/class/net/{Name}/operstate")).Trim() != "up")
            await Task.Delay(10);
    }

    public static Task<string> ShellAsync(string script) =>
        ProgramRunner.RunAsync(["sh", "-ec", script], null, CancellationToken.None);

    public async ValueTask DisposeAsync() =>
        await ShellAsync($"ip link delete {Name}; ip netns delete {Namespace}; ip link delete {Uplink} 2> /dev/null || true");
}
