using CsCheck;

namespace Godwit.Domains.Tests;

public sealed class MacAddressTests
{
    private static readonly Gen<MacAddress> s_any = Gen.ULong[0, (1UL << 48) - 1].Select(value => new MacAddress(value));

    [Fact]
    public void Text_and_bytes_carry_all_of_it() => s_any.Sample(mac =>
    {
        Assert.Equal(mac, MacAddress.Parse(mac.ToString()));
        Assert.Equal(mac, MacAddress.Parse(mac.ToString().ToUpperInvariant().Replace(':', '-')));
        Assert.Equal(mac, MacAddress.Read(mac.ToBytes()));
        Assert.Equal(MacAddress.Length, mac.ToBytes().Length);
    });

    [Fact]
    public void The_first_byte_is_the_highest()
    {
        Assert.Equal(0xaacc00000001UL, MacAddress.Parse("aa:cc:00:00:00:01").Value);
        Assert.Equal([0xaa, 0xcc, 0, 0, 0, 1], MacAddress.Parse("aa:cc:00:00:00:01").ToBytes());
    }

    [Theory]
    [InlineData("")]
    [InlineData("aa:cc:00:00:00")]
    [InlineData("aa:cc:00:00:00:01:")]
    [InlineData("aa:cc:00:00:00:0g")]
    [InlineData("aa:cc:00:00:00: 1")]
    [InlineData("aa:cc:00:00:00:+1")]
    [InlineData("aa.cc.00.00.00.01")]
    [InlineData("aacc.0000.0001.00")]
    public void Others_are_none(string text)
    {
        Assert.False(MacAddress.TryParse(text, null, out var mac));
        Assert.Equal(default, mac);
        Assert.Throws<FormatException>(() => MacAddress.Parse(text));
    }
}
