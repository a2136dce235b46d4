using System.Collections.Immutable;

namespace Godwit.Storage.Volumes;

/// <summary>A part of a volume's data, in the file or device that it lies in.</summary>
/// <param name="Path">The file or device.</param>
/// <param name="Start">First byte there.</param>
/// <param name="Length">Number of bytes.</param>
public readonly record struct VolumeExtent(string Path, long Start, long Length)
{
    /// <summary>The first bytes of a file or device.</summary>
    public static VolumeExtent Whole(string path, long length) => new(path, 0, length);

    /// <summary>What lies between two bytes of a volume, of which these are all the parts, one after the other.</summary>
    public static ImmutableArray<VolumeExtent> Cut(ImmutableArray<VolumeExtent> parts, long start, long end)
    {
        var cut = ImmutableArray.CreateBuilder<VolumeExtent>();
        long at = 0;
        foreach (var part in parts)
        {
            var (first, last) = (Math.Max(start, at), Math.Min(end, at + part.Length));
            if (first < last)
                cut.Add(new VolumeExtent(part.Path, part.Start + first - at, last - first));
            at += part.Length;
        }
        return cut.ToImmutable();
    }

    /// <summary>Pairs of parts of the same length, as far as both volumes go.</summary>
    public static IEnumerable<(VolumeExtent From, VolumeExtent To)> Pair(ImmutableArray<VolumeExtent> from, ImmutableArray<VolumeExtent> to)
    {
        var (i, j) = (0, 0);
        long usedFrom = 0, usedTo = 0;
        while (i < from.Length && j < to.Length)
        {
            var length = Math.Min(from[i].Length - usedFrom, to[j].Length - usedTo);
            yield return (new VolumeExtent(from[i].Path, from[i].Start + usedFrom, length), new VolumeExtent(to[j].Path, to[j].Start + usedTo, length));
            (usedFrom, usedTo) = (usedFrom + length, usedTo + length);
            if (usedFrom == from[i].Length)
                (i, usedFrom) = (i + 1, 0);
            if (usedTo == to[j].Length)
                (j, usedTo) = (j + 1, 0);
        }
    }
}
