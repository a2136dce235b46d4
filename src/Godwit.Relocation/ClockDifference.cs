namespace Godwit.Relocation;

/// <summary>How far the clocks of two hosts are apart, where that is worth a word. Nothing is decided by it.</summary>
internal static class ClockDifference
{
    /// <summary>Less is common, and what an offer needs on its way is less.</summary>
    private static readonly TimeSpan Small = TimeSpan.FromMinutes(1);

    /// <param name="source">The source.</param>
    /// <param name="destination">The destination.</param>
    /// <param name="ahead">How far the destination's clock is ahead.</param>
    public static string? Say(string source, string destination, TimeSpan ahead)
    {
        if (ahead.Duration() <= Small)
            return null;
        var (late, early) = ahead > TimeSpan.Zero ? (source, destination) : (destination, source);
        return FormattableString.Invariant(
            $"the clocks of {source} and {destination} differ by {ahead.Duration().TotalMinutes:0} min: {early} is ahead of {late}; the move does not depend on it, certificates and the guest's clock do");
    }
}
