namespace Godwit.Hypervisors.Xen.Migration;

/// <summary>Bytes per second between two looks at a counter.</summary>
internal sealed class SendRate(TimeProvider time)
{
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(100);
    private long _at = time.GetTimestamp(), _bytes, _rate;

    public long Of(long bytes)
    {
        var elapsed = time.GetElapsedTime(_at);
        if (elapsed < Shortest) return _rate;
        _rate = (long)((bytes - _bytes) / elapsed.TotalSeconds);
        (_at, _bytes) = (time.GetTimestamp(), bytes);
        return _rate;
    }
}
