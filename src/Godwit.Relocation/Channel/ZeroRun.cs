namespace Godwit.Relocation.Channel;

/// <summary>Zeros that follow each other.</summary>
/// <param name="Start">Where they begin.</param>
/// <param name="Length">How many they are; 0 for none.</param>
internal readonly record struct ZeroRun(int Start, int Length)
{
    /// <summary>A page: shorter ones are not worth a message of their own.</summary>
    public const int Shortest = 4096;

    // Each run that is long enough has one of the places that are looked at, wherever it begins: memory that holds something
    // costs a look at two bytes of a page.
    private const int Stride = Shortest / 2;

    /// <summary>The first run of <see cref="Shortest"/> zeros or more, whole; where there is none, an empty one at the end.</summary>
    public static ZeroRun FindFirst(ReadOnlySpan<byte> bytes)
    {
        for (var probe = Stride - 1; probe < bytes.Length; probe += Stride)
        {
            if (bytes[probe] != 0)
                continue;
            var start = bytes[..probe].LastIndexOfAnyExcept((byte)0) + 1;
            var after = bytes[probe..].IndexOfAnyExcept((byte)0);
            var end = after < 0 ? bytes.Length : probe + after;
            if (end - start >= Shortest)
                return new ZeroRun(start, end - start);
        }
        return new ZeroRun(bytes.Length, 0);
    }
}
