using System.Net;
using Godwit.Domains;
using Godwit.Hypervisors.Network;
using Godwit.Hypervisors.Tests.Qemu;
using Microsoft.Extensions.Logging.Abstractions;

namespace Godwit.Hypervisors.Tests.Network;

public class GuestOnBridgeTests(GuestFixture guests)
{
    private static readonly MacAddress Mac = MacAddress.Parse("aa:cc:00:00:00:78");

    [Fact]
    public async Task A_guest_reaches_the_network_its_address_is_learned_and_its_tap_goes_with_it()
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
        }
        network.Unwatch(port);
        Assert.False(Path.Exists($"/sys/class/net/{port.Device}"));
        Assert.Empty(network.LearnedAddresses(Mac));
    }
}
