using System.Collections.Immutable;
using Godwit.Storage.Volumes;

namespace Godwit.Storage.Tests.Volumes;

/// <summary>Volumes that lie in several parts.</summary>
public sealed class VolumeExtentTests
{
    private static readonly ImmutableArray<VolumeExtent> s_parts = [new("a", 100, 10), new("b", 0, 5), new("a", 20, 10)];

    [Theory]
    [InlineData(0, 25, "a 100+10, b 0+5, a 20+10")]
    [InlineData(0, 10, "a 100+10")]
    [InlineData(3, 12, "a 103+7, b 0+2")]
    [InlineData(12, 100, "b 2+3, a 20+10")]
    [InlineData(10, 10, "")]
    [InlineData(25, 30, "")]
    public void What_lies_between_two_bytes(long start, long end, string expected) => Assert.Equal(expected, Text(VolumeExtent.Cut(s_parts, start, end)));

    [Fact]
    public void Pairs_have_the_same_length_as_far_as_both_go()
    {
        var pairs = VolumeExtent.Pair([new("x", 0, 12), new("y", 50, 4)], s_parts).ToList();
        Assert.Equal("x 0+10, x 10+2, y 50+3, y 53+1", Text(pairs.Select(pair => pair.From)));
        Assert.Equal("a 100+10, b 0+2, b 2+3, a 20+1", Text(pairs.Select(pair => pair.To)));
        Assert.Empty(VolumeExtent.Pair([], s_parts));
    }

    private static string Text(IEnumerable<VolumeExtent> parts) => string.Join(", ", parts.Select(part => $"{part.Path} {part.Start}+{part.Length}"));
}
