namespace Godwit.Lab.Measure;

/// <summary>
/// What came back of a row of pings. Times are nanoseconds since 1970 by the machine's clock, the same one that the
/// hosts of the lab have.
/// </summary>
public sealed class PingLog
{
    /// <summary>A ping that has no reply after this long is lost.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    private readonly Lock _lock = new();
    private readonly List<(long SentAt, long RepliedAt)> _pings = [];

    public static long Now => (DateTime.UtcNow - DateTime.UnixEpoch).Ticks * 100;

    /// <summary>Notes a request; its number is how many there were before it.</summary>
    internal void Sent(long at)
    {
        lock (_lock) _pings.Add((at, 0));
    }

    /// <summary>Notes a reply; one that comes twice counts when it came first.</summary>
    internal void Replied(uint number, long at)
    {
        lock (_lock)
        {
            if (number < _pings.Count && _pings[(int)number].RepliedAt == 0)
                _pings[(int)number] = (_pings[(int)number].SentAt, at);
        }
    }

    public PingFigures Total() => Window(long.MinValue, long.MaxValue);

    /// <summary>
    /// Pings sent in the window, those of them without a reply in time, and the longest silence between two replies
    /// that follow each other and of which one at least came in the window, or that span it. A silence that has no
    /// end lasts until the window's end.
    /// </summary>
    /// <param name="from">Begin, included.</param>
    /// <param name="to">End, included. Ask a while after it: younger pings than 3 seconds count as lost.</param>
    public PingFigures Window(long from, long to)
    {
        (long SentAt, long RepliedAt)[] pings;
        lock (_lock) pings = [.. _pings];
        var sent = pings.Where(p => p.SentAt >= from && p.SentAt <= to).ToArray();
        var lost = sent.Count(p => IsLost(p.SentAt, p.RepliedAt));

        var replies = pings.Where(p => p.RepliedAt != 0).Select(p => p.RepliedAt).Order().ToArray();
        long longest = 0;
        for (var i = 1; i < replies.Length; i++)
            if (replies[i] >= from && replies[i - 1] <= to) longest = Math.Max(longest, replies[i] - replies[i - 1]);
        if (sent.Length > 0 && (replies.Length == 0 || replies[^1] < sent[^1].SentAt))
        {
            var end = Math.Min(to, sent[^1].SentAt);
            longest = Math.Max(longest, end - Math.Max(replies.Length == 0 ? sent[0].SentAt : replies[^1], from));
        }
        return new PingFigures(sent.Length, lost, longest / 1e6);
    }

    /// <summary>The pings that <see cref="Window"/> counts as lost, with the times at which they were sent.</summary>
    public IReadOnlyList<(uint Number, long SentAt)> Lost(long from, long to)
    {
        lock (_lock)
        {
            return [.. _pings.Index()
                .Where(p => p.Item.SentAt >= from && p.Item.SentAt <= to && IsLost(p.Item.SentAt, p.Item.RepliedAt))
                .Select(p => ((uint)p.Index, p.Item.SentAt))];
        }
    }

    /// <summary>
    /// Pings sent in the window that have had no reply at all, however late. Where a machine is slow as a whole, this tells those that were
    /// dropped from those that were not looked at in time.
    /// </summary>
    public int Unanswered(long from, long to)
    {
        lock (_lock) return _pings.Count(p => p.SentAt >= from && p.SentAt <= to && p.RepliedAt == 0);
    }

    private static bool IsLost(long sentAt, long repliedAt) =>
        repliedAt == 0 || repliedAt - sentAt > (long)Patience.TotalNanoseconds;
}

/// <param name="LongestGapMs">Longest time between two replies, in milliseconds.</param>
public sealed record PingFigures(int Sent, int Lost, double LongestGapMs);
