namespace Godwit.AoeBench;

/// <summary>What one measurement gave.</summary>
/// <param name="PerSecond">Answered requests.</param>
/// <param name="MedianMicroseconds">From a request to its answer, at the generator.</param>
/// <param name="TargetCpuMicroseconds">CPU of the target's process for each request.</param>
/// <param name="GeneratorCpuMicroseconds">CPU of the generator's thread for each request.</param>
internal sealed record Measured(
    double PerSecond, double MedianMicroseconds, double P99Microseconds, double TargetCpuMicroseconds, double GeneratorCpuMicroseconds,
    double Retransmits)
{
    /// <summary>Each value the median of its own.</summary>
    public static Measured MedianOf(IReadOnlyCollection<Measured> all) => new(
        Median(all.Select(m => m.PerSecond)), Median(all.Select(m => m.MedianMicroseconds)), Median(all.Select(m => m.P99Microseconds)),
        Median(all.Select(m => m.TargetCpuMicroseconds)), Median(all.Select(m => m.GeneratorCpuMicroseconds)),
        Median(all.Select(m => m.Retransmits)));

    /// <summary>
    /// The median of the ratios of one round each: what is compared was measured within seconds there, while a machine that others
    /// use too may be half as fast some minutes later.
    /// </summary>
    public static double MedianRatio<T>(IReadOnlyList<T> ours, IReadOnlyList<T> theirs, Func<T, double> value) =>
        Median(ours.Zip(theirs, (our, their) => value(our) / value(their)));

    public static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        var middle = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
