using System.Net;
using Godwit.Domains;
using Godwit.Hypervisors.Network;
using Godwit.Hypervisors.Tests.Qemu;
using Godwit.Native.Packets;
using Microsoft.Extensions.Logging.Abstractions;

namespace Godwit.Hypervisors.Tests.Network;

public class GuestOnBridgeTests(GuestFixture guests)
{
    private static readonly MacAddress Mac = MacAddress.Parse("aa:cc:00:00:00:78");

    [Fact]
    public async Task A_guest_reaches_the_network_its_address_is_learned_and_its_tap_goes_with_it_and_what_waits_there_is_found()
    {
        await using var bridge = await TestBridge.MakeAsync();
        await using var network = new BridgeNetwork(TimeProvider.System, NullLogger.Instance);
        var order = guests.Order(spec => spec with
        {
            Interfaces = [new InterfaceSpec { Mac = Mac, Bridge = bridge.Name }],
            CommandLine = "quiet address=10.77.0.2/24",
        });
        GuestPort port;
        await using (var copy = await TestCopy.StartAsync(guests, order, boot: false))
        {
            port = Assert.Single(copy.Copy.Ports);
            network.Watch(port, []);
            Assert.Empty(network.LearnedAddresses(Mac));
            await copy.Copy.ContinueAsync(CancellationToken.None);
            await copy.WaitForTextAsync("guest is up");
            await copy.TypeAsync("ping 10.77.0.1");
            await copy.WaitForTextAsync("1 packets received");
            Assert.Contains(IPAddress.Parse("10.77.0.2"), network.LearnedAddresses(Mac));
            await FindsWhatCameAsync(bridge, network, copy.Copy, port);
        }
        network.Unwatch(port);
        Assert.False(Path.Exists($"/sys/class/net/{port.Device}"));
        Assert.Empty(network.LearnedAddresses(Mac));
    }

    /// <summary>QEMU takes one frame more out of the port of a guest that stands, and leaves the others there. That the guest had the one before, nobody knows.</summary>
    private static async Task FindsWhatCameAsync(TestBridge bridge, BridgeNetwork network, IDomainCopy copy, GuestPort port)
    {
        using var wire = bridge.Listen();
        network.Note(port);
        var batch = new PacketBatch(1, 128);
        await SendAsync(7);
        // On a busy machine it takes longer to stop than the frame before that counts for.
        var stopped = DateTimeOffset.UtcNow;
        await copy.PauseAsync(CancellationToken.None);
        await SendAsync(1);
        await Task.Delay(1000, TestContext.Current.CancellationToken);
        for (byte i = 2; i <= 5; i++) await SendAsync(i);
        // Of a round that ended before the stop one may hear as late as this.
        network.Note(port);
        var waiting = copy.TakeWaiting(port);
        Assert.Equal([2, 3, 4, 5], Contents(waiting));
        Assert.Equal([7, 1, 2, 3, 4, 5], Contents(network.Take(port, waiting, stopped)));
        Assert.Empty(Contents(copy.TakeWaiting(port)));
        // A port that is not there has none.
        Assert.Empty(copy.TakeWaiting(port with { Device = "gwnone0" }));

        async Task SendAsync(byte content)
        {
            batch.Clear();
            batch.Add(BridgeNetworkTests.Frame(Mac, content));
            wire.Send(batch);
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }

        static IEnumerable<int> Contents(IEnumerable<byte[]> frames) =>
            frames.Where(frame => MacAddress.Read(frame) == Mac).Select(frame => (int)frame[20]);
    }
}
