using System.Net;
using CsCheck;
using Godwit.Domains;
using Godwit.Hypervisors.Network;

namespace Godwit.Hypervisors.Tests.Network;

public class AddressReaderTests
{
    private static readonly MacAddress Mac = MacAddress.Parse("aa:cc:00:00:00:01");

    [Theory]
    [InlineData("10.9.0.100")]
    [InlineData("fd00::1:2")]
    [InlineData("fe80::a8cc:ff:fe00:1")]
    public void An_announced_address_is_read_back(string text)
    {
        var address = IPAddress.Parse(text);
        var read = AnnouncementFrames.Make(Mac, [address]).Select(frame => AddressReader.Read(frame, Mac)).OfType<IPAddress>();
        Assert.All(read, found => Assert.Equal(address, found));
        Assert.NotEmpty(AnnouncementFrames.Make(Mac, [address]).Select(frame => AddressReader.Read(frame, Mac)).OfType<IPAddress>());
    }

    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("127.0.0.1")]
    [InlineData("224.0.0.1")]
    [InlineData("255.255.255.255")]
    [InlineData("::")]
    [InlineData("::1")]
    [InlineData("ff02::1")]
    public void What_nobody_may_own_is_not_learned(string text) =>
        Assert.All(AnnouncementFrames.Make(Mac, [IPAddress.Parse(text)]), frame => Assert.Null(AddressReader.Read(frame, Mac)));

    [Fact]
    public void A_frame_of_somebody_else_teaches_nothing() => Assert.All(
        AnnouncementFrames.Make(new MacAddress(Mac.Value + 1), [IPAddress.Parse("10.9.0.1")]),
        frame => Assert.Null(AddressReader.Read(frame, Mac)));

    [Fact]
    public void An_advertisement_has_a_right_checksum()
    {
        var frame = AnnouncementFrames.Make(Mac, [IPAddress.Parse("fd00::1:2")])[1];
        // RFC 1071: with the checksum in place the sum over all is 0xffff.
        uint sum = 32 + 58;
        for (var i = 22; i < 86; i += 2) sum += (uint)(frame[i] << 8 | frame[i + 1]);
        while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
        Assert.Equal(0xffffu, sum);
    }

    [Fact]
    public void Any_bytes_are_borne()
    {
        var good = AnnouncementFrames.Make(Mac, [IPAddress.Parse("10.9.0.100"), IPAddress.Parse("fd00::1")]);
        Gen.Select(Gen.Int[0, good.Count - 1], Gen.Int[0, 128], Gen.Select(Gen.Int[0, 85], Gen.Byte).Array[0, 8])
            .Sample((which, length, changes) =>
            {
                var frame = good[which].ToArray();
                foreach (var (at, value) in changes)
                    if (at < frame.Length) frame[at] = value;
                var cut = frame.AsSpan(0, Math.Min(length, frame.Length));
                if (AddressReader.Read(cut, Mac) is { } address) Assert.False(IPAddress.IsLoopback(address));
            });
        Gen.Byte.Array[0, 200].Sample(bytes => Assert.Null(AddressReader.Read(bytes, Mac)));
    }
}
