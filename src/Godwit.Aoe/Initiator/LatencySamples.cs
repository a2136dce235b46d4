namespace Godwit.Aoe.Initiator;

/// <summary>The times that the last requests took, of which percentiles are told. In microseconds.</summary>
internal sealed class LatencySamples
{
    private const int Kept = 1024;
    private readonly uint[] _samples = new uint[Kept];
    private int _next;
    private int _count;

    public void Add(double microseconds)
    {
        _samples[_next] = (uint)Math.Min(microseconds, uint.MaxValue);
        _next = (_next + 1) % Kept;
        if (_count < Kept) _count++;
    }

    public int CopyTo(Span<uint> to)
    {
        _samples.AsSpan(0, _count).CopyTo(to);
        return _count;
    }

    public LatencySummary Summarize() => Summarize([this]);

    /// <summary>Of several together.</summary>
    public static LatencySummary Summarize(IReadOnlyList<LatencySamples> several)
    {
        var all = new uint[several.Count * Kept];
        var count = 0;
        foreach (var samples in several) count += samples.CopyTo(all.AsSpan(count));
        if (count == 0) return default;
        var sorted = all.AsSpan(0, count);
        sorted.Sort();
        return new LatencySummary(sorted[(count - 1) / 2], sorted[(count - 1) * 99 / 100], sorted[^1]);
    }
}

/// <summary>In microseconds; all 0 where nothing was measured.</summary>
internal readonly record struct LatencySummary(long P50, long P99, long Longest);
