namespace Godwit.Host.Supervise;

/// <summary>
/// How long a guest stays stopped after a disk failed: not at all the first time, then longer and longer for a disk that
/// answers and fails again soon after.
/// </summary>
internal sealed class FailurePause(TimeProvider time)
{
    private static readonly TimeSpan First = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Forgotten = TimeSpan.FromMinutes(5);
    private long? _last;
    private TimeSpan _pause;

    /// <summary>The pause after a failure at this moment.</summary>
    public TimeSpan Next()
    {
        if (_last is not { } last || time.GetElapsedTime(last) > Forgotten)
            _pause = TimeSpan.Zero;
        else
            _pause = _pause == TimeSpan.Zero ? First : _pause * 2 < Longest ? _pause * 2 : Longest;
        _last = time.GetTimestamp();
        return _pause;
    }
}
