using System.Net;
using Godwit.Domains;
using Godwit.Hypervisors.Network;
using Godwit.Native.Packets;
using Microsoft.Extensions.Logging.Abstractions;

namespace Godwit.Hypervisors.Tests.Network;

public class BridgeNetworkTests
{
    private static readonly MacAddress Mac = MacAddress.Parse("aa:cc:00:00:00:77");

    [Fact]
    public async Task An_unknown_bridge_is_refused_with_the_known_ones()
    {
        await using var bridge = await TestBridge.MakeAsync();
        await using var network = new BridgeNetwork(TimeProvider.System, NullLogger.Instance);
        network.CheckBridge(bridge.Name);
        var missing = Assert.Throws<GodwitException>(() => network.CheckBridge("xenbr9"));
        Assert.Equal("no-such-bridge", missing.Code);
        Assert.Contains(bridge.Name, missing.Message);
        Assert.Contains("is no bridge", Assert.Throws<GodwitException>(() => network.CheckBridge("lo")).Message);
    }

    [Fact]
    public async Task A_tap_is_a_port_of_its_bridge_and_goes_with_its_descriptor()
    {
        await using var bridge = await TestBridge.MakeAsync();
        var port = GuestTap.Describe(Guid.NewGuid(), 0, new InterfaceSpec { Mac = Mac, Bridge = bridge.Name });
        using (GuestTap.Create(port, 1400))
        {
            var details = await TestBridge.ShellAsync($"ip -d link show {port.Device}");
            Assert.Contains($"master {bridge.Name}", details);
            Assert.Contains("mtu 1400", details);
            Assert.Contains("fe:cc:00:00:00:77", details);
        }
        Assert.False(Path.Exists($"/sys/class/net/{port.Device}"));
    }

    [Fact]
    public async Task An_announcement_pins_the_guest_and_tells_the_network_and_settling_unpins_it()
    {
        await using var bridge = await TestBridge.MakeAsync();
        await using var network = new BridgeNetwork(TimeProvider.System, NullLogger.Instance);
        var port = GuestTap.Describe(Guid.NewGuid(), 0, new InterfaceSpec { Mac = Mac, Bridge = bridge.Name });
        using var tap = GuestTap.Create(port, null);
        using var wire = bridge.Listen();
        await bridge.ForwardsAsync(port.Device);
        IPAddress[] addresses = [IPAddress.Parse("10.77.0.2"), IPAddress.Parse("fd00::2")];

        await network.AnnounceAsync(port, [.. addresses], CancellationToken.None);
        Assert.Contains("static", await EntryAsync(bridge, port));
        // RARP, ARP request, ARP reply, NA.
        Assert.Equal([0x8035, 0x0806, 0x0806, 0x86dd], Receive(wire, 4).Select(f => f[12] << 8 | f[13]));
        Assert.True(Bridges.IsAt(port));

        await network.SettleAsync(port, [.. addresses], CancellationToken.None);
        Assert.DoesNotContain("static", await EntryAsync(bridge, port));
        Assert.Equal(4 * 5, Receive(wire, 4 * 5).Count);

        await network.AnnounceAsync(port, [], CancellationToken.None);
        await network.WithdrawAsync(port, CancellationToken.None);
        await network.WithdrawAsync(port, CancellationToken.None);
        Assert.Equal("", await EntryAsync(bridge, port));
    }

    [Fact]
    public async Task Frames_that_came_for_a_stopped_guest_are_kept_and_given_to_it_at_its_new_place()
    {
        await using var bridge = await TestBridge.MakeAsync();
        await using var network = new BridgeNetwork(TimeProvider.System, NullLogger.Instance);
        var nic = new InterfaceSpec { Mac = Mac, Bridge = bridge.Name };
        var (old, next) = (GuestTap.Describe(Guid.NewGuid(), 0, nic), GuestTap.Describe(Guid.NewGuid(), 0, nic));
        using var tap = GuestTap.Create(old, null);
        using var nextTap = GuestTap.Create(next, null);
        using var wire = bridge.Listen();
        await bridge.ForwardsAsync(old.Device);

        network.Note(old);
        var batch = new PacketBatch(8, 128);
        for (byte i = 1; i <= 3; i++) batch.Add(Frame(Mac, i));
        batch.Add(Frame(MacAddress.Parse("aa:cc:00:00:00:78"), 9));
        batch.Add(AnnouncementFrames.Make(Mac, [])[0].AsSpan());
        wire.Send(batch);
        await Task.Delay(100, TestContext.Current.CancellationToken);
        var taken = network.Take(old, [], default);
        Assert.Equal([1, 2, 3], taken.Select(frame => (int)frame[20]));

        // Seen as the guest would, on the other end of its port; the bridge has not learned their sender there.
        using var guest = PacketSocket.Open(next.Device, new PacketSocketOptions { EtherType = 3 });
        network.Deliver(next, taken);
        Assert.Equal([1, 2, 3], Receive(guest, 3, to: Mac).Select(frame => (int)frame[20]));
        Assert.DoesNotContain(next.Device, await TestBridge.ShellAsync($"bridge fdb show br {bridge.Name} | grep 02:00:00:00:00:05"));

        // What was taken or forgotten does not come again.
        Assert.Empty(network.Take(old, [], default));
        network.Note(old);
        wire.Send(batch);
        network.Forget(old);
        Assert.Empty(network.Take(old, [], default));
        network.Note(old);
        wire.Send(batch);
        await Task.Delay(100, TestContext.Current.CancellationToken);
        network.Note(old);
        Assert.Empty(network.Take(old, [], default));
    }

    [Fact]
    public async Task A_guest_whose_port_does_not_forward_yet_is_unpinned_all_the_same()
    {
        await using var bridge = await TestBridge.MakeAsync();
        await using var network = new BridgeNetwork(TimeProvider.System, NullLogger.Instance);
        var port = GuestTap.Describe(Guid.NewGuid(), 0, new InterfaceSpec { Mac = Mac, Bridge = bridge.Name });
        using var tap = GuestTap.Create(port, null);
        await TestBridge.ShellAsync($"ip link set {port.Device} down");
        await network.AnnounceAsync(port, [], CancellationToken.None);
        Assert.Contains("static", await EntryAsync(bridge, port));
        await network.SettleAsync(port, [], CancellationToken.None);
        Assert.Equal("", await EntryAsync(bridge, port));
    }

    [Fact]
    public async Task A_guest_that_moved_on_is_not_called_back()
    {
        await using var bridge = await TestBridge.MakeAsync();
        await using var network = new BridgeNetwork(TimeProvider.System, NullLogger.Instance);
        var port = GuestTap.Describe(Guid.NewGuid(), 0, new InterfaceSpec { Mac = Mac, Bridge = bridge.Name });
        using var tap = GuestTap.Create(port, null);
        using var wire = bridge.Listen();
        await network.AnnounceAsync(port, [], CancellationToken.None);
        await network.SettleAsync(port, [], CancellationToken.None);

        // The guest is heard on the other side, as its next host announces it there.
        var batch = new PacketBatch(4, 128);
        batch.Add(AnnouncementFrames.Make(Mac, [])[0].AsSpan());
        wire.Send(batch);
        await Task.Delay(20);
        Assert.False(Bridges.IsAt(port));
        Receive(wire, 2); // Those sent before.
        await Task.Delay(900);
        Assert.Empty(Receive(wire, 1, 0));
    }

    private static async Task<string> EntryAsync(TestBridge bridge, GuestPort port) =>
        (await TestBridge.ShellAsync($"bridge fdb show br {bridge.Name} | grep '^{Mac} dev {port.Device}' || true")).Trim();

    /// <summary>Frames of the guest, until there are enough of them or none comes for a while.</summary>
    /// <summary>Frames from the guest, or those to an address.</summary>
    private static List<byte[]> Receive(PacketSocket wire, int count, int patienceMs = 2000, MacAddress? to = null)
    {
        var batch = new PacketBatch(64, 2048);
        var frames = new List<byte[]>();
        do
        {
            wire.Receive(batch, patienceMs);
            for (var i = 0; i < batch.Count; i++)
                // The listener also hears what it sent itself.
                if (to is { } address ? MacAddress.Read(batch[i]) == address : MacAddress.Read(batch[i][6..]) == Mac) frames.Add(batch[i].ToArray());
        }
        while (frames.Count < count && batch.Count > 0);
        return frames;
    }

    internal static ReadOnlySpan<byte> Frame(MacAddress to, byte content)
    {
        var frame = new byte[60];
        to.Write(frame);
        MacAddress.Parse("02:00:00:00:00:05").Write(frame.AsSpan(6));
        (frame[12], frame[13], frame[20]) = (0x88, 0xb5, content); // For experiments: nobody else looks into it.
        return frame;
    }
}
