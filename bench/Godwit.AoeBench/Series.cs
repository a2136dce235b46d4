using System.Globalization;

namespace Godwit.AoeBench;

/// <summary>One kind of load: random places, so many at a time.</summary>
internal sealed record Series(bool Writes, int Bytes, int Depth)
{
    public static IReadOnlyList<Series> All { get; } =
    [
        .. from writes in new[] { false, true }
           from bytes in new[] { 4096, 8192 }
           from depth in new[] { 1, 8, 32, 128 }
           select new Series(writes, bytes, depth),
    ];

    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{(Writes ? "durable writes" : "reads")} {Bytes / 1024} KiB depth {Depth}");
}
