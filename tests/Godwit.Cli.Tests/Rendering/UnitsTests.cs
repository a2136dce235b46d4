using CsCheck;
using Godwit.Cli.Rendering;

namespace Godwit.Cli.Tests.Rendering;

public sealed class UnitsTests
{
    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(1023, "1023 B")]
    [InlineData(1536, "1.5 KiB")]
    [InlineData(268435456, "256.0 MiB")]
    [InlineData(5368709120, "5.00 GiB")]
    public void Bytes_are_shown_in_powers_of_1024(long bytes, string text) => Assert.Equal(text, Units.Bytes(bytes));

    [Theory]
    [InlineData(0.04, "0.0 ms")]
    [InlineData(14.25, "14.3 ms")]
    [InlineData(999.9, "999.9 ms")]
    [InlineData(1620, "1.62 s")]
    public void Times_a_guest_notices_are_shown_to_a_tenth_of_a_millisecond(double ms, string text) =>
        Assert.Equal(text, Units.Milliseconds(ms));

    [Theory]
    [InlineData(0.31, "0.3 s")]
    [InlineData(125, "2 min 5 s")]
    [InlineData(7260, "2 h 1 min")]
    public void Longer_times_lose_what_does_not_matter(double seconds, string text) => Assert.Equal(text, Units.Seconds(seconds));

    [Theory]
    [InlineData("5g", 5368709120)]
    [InlineData("5GiB", 5368709120)]
    [InlineData("1.5k", 1536)]
    [InlineData("512 M", 536870912)]
    [InlineData("512", 512)]
    [InlineData("2t", 2199023255552)]
    public void Sizes_are_read_as_lvm_reads_them(string text, long bytes)
    {
        Assert.True(Units.TryParseBytes(text, out var read));
        Assert.Equal(bytes, read);
    }

    [Theory]
    [InlineData("")]
    [InlineData("g")]
    [InlineData("-5g")]
    [InlineData("0")]
    [InlineData("5x")]
    [InlineData("5 5g")]
    [InlineData("99999999999t")]
    public void What_is_no_size_is_refused(string text) => Assert.False(Units.TryParseBytes(text, out _));

    [Fact]
    public void Whole_mebibytes_survive_being_written_and_read() =>
        Gen.Int[1, 1023].Sample(n => Units.TryParseBytes(Units.Bytes(n * 1048576L), out var read) && read == n * 1048576L);
}
