namespace Godwit.Aoe.Initiator;

/// <summary>
/// Measured time from a frame to its answer: mean and mean deviation (Jacobson), which give the time after which a
/// frame counts as lost: 2 x mean + 8 x deviation, as the Linux driver has it. In ticks of the time provider.
/// </summary>
internal sealed class RoundTrip(TimeProvider time)
{
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(250);

    // Below it a busy scheduler looks like loss; above it a dead target is asked too seldom.
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(1);

    private double _mean = First.TotalSeconds;
    private double _deviation;
    private bool _measured;

    public long MeanMicroseconds => (long)(_mean * 1e6);

    /// <summary>Time until a frame that was sent for the n-th time (from 1) counts as lost.</summary>
    public TimeSpan Timeout(int tries)
    {
        var once = TimeSpan.FromSeconds(2 * _mean + 8 * _deviation);
        if (once < Shortest) once = Shortest;
        var backedOff = once * (1 << Math.Min(tries - 1, 6));
        return backedOff < Longest ? backedOff : Longest;
    }

    /// <summary>Takes a sample; only of frames that were sent once, as else it is not known which copy was answered.</summary>
    public void Add(long sentAt, long answeredAt)
    {
        var sample = time.GetElapsedTime(sentAt, answeredAt).TotalSeconds;
        if (!_measured)
        {
            (_mean, _deviation, _measured) = (sample, sample / 2, true);
            return;
        }
        var off = sample - _mean;
        _mean += off / 8;
        _deviation += (Math.Abs(off) - _deviation) / 4;
    }
}
