using Godwit.Domains.Config;

namespace Godwit.Domains.Tests.Config;

public sealed class InterfaceParserTests
{
    private const string Whole = "name = 'a'\nmemory = 64\n";

    private static InterfaceSpec Read(string entry) => Assert.Single(Specs.Read($"{Whole}vif = [ '{entry}' ]").Interfaces);

    [Fact]
    public void All_properties()
    {
        var nic = Read("mac=02:00:00:00:00:01,bridge = br0, ip=10.0.0.1/24 fe80::1, mtu=9000 ,model=e1000,script=x,vifname=y,rate=1Mb/s");
        Assert.Equal(["10.0.0.1", "fe80::1"], nic.Addresses.AsEnumerable());
        Assert.Equal(
            new InterfaceSpec { Mac = MacAddress.Parse("02:00:00:00:00:01"), Bridge = "br0", Mtu = 9000, Model = "e1000" },
            nic with { Addresses = new InterfaceSpec { Mac = default }.Addresses });
    }

    [Fact]
    public void An_address_that_is_not_given_is_of_Xen_and_the_same_at_every_reading()
    {
        var macs = Specs.Read(Whole + "vif = [ '', 'bridge=br0' ]").Interfaces.Select(n => n.Mac).ToList();
        Assert.Equal(macs, Specs.Read(Whole + "vif = [ '', 'bridge=br1' ]").Interfaces.Select(n => n.Mac));
        Assert.All(macs, mac => Assert.StartsWith("00:16:3e:", mac.ToString(), StringComparison.Ordinal));
        Assert.NotEqual(macs[0], macs[1]);
        Assert.DoesNotContain(Specs.Read("name = 'b'\nmemory = 64\nvif = ['']").Interfaces[0].Mac, macs);
        Assert.Equal("xenbr0", Specs.Read(Whole + "vif = ['']").Interfaces[0].Bridge);
    }

    [Theory]
    [InlineData("mac=02:00", "'02:00' is not an Ethernet address")]
    [InlineData("mac=01:00:00:00:00:01", "01:00:00:00:00:01 is a group address; an interface needs one whose first byte is even")]
    [InlineData("mac", "mac has no value")]
    [InlineData("mac=", "mac has no value")]
    [InlineData("bridge=a b", "'a b' cannot be the name of a bridge (at most 15 characters)")]
    [InlineData("bridge=abcdefghijklmnop", "'abcdefghijklmnop' cannot be the name of a bridge (at most 15 characters)")]
    [InlineData("ip=10.1", "'10.1' is not an IP address")]
    [InlineData("ip=10.0.0.256", "'10.0.0.256' is not an IP address")]
    [InlineData("ip=[::1]:80", "'[::1]:80' is not an IP address")]
    [InlineData("mtu=60", "'60' is not an MTU; it is between 68 and 65535 bytes")]
    [InlineData("mtu=many", "'many' is not an MTU; it is between 68 and 65535 bytes")]
    [InlineData("brigde=br0", "'brigde' is not a property of an interface; did you mean bridge?")]
    [InlineData("colour=red", "'colour' is not a property of an interface")]
    public void Errors(string entry, string expected) =>
        Assert.Equal([$"3:9+{entry.Length + 2} {expected}"], Specs.Complaints($"{Whole}vif = [ '{entry}' ]"));
}
