using System.Diagnostics;

namespace Godwit.Native.Packets;

/// <summary>
/// Decides whether a wait is worth spinning for. It is where the last wait was short; each time that it was in vain, so many more waits
/// go by without.
/// </summary>
internal sealed class SpinWatch
{
    private const int LongestRest = 64;

    /// <summary>What a sleep and its end take, or somewhat more: longer waits cost less asleep.</summary>
    private static readonly long s_longest = Stopwatch.Frequency / 20_000;

    /// <summary>A wait that was slept through looks longer than it had to be, by what it takes to wake.</summary>
    private static readonly long s_short = 2 * s_longest;

    private const int LooksOfATurn = 8;

    private long _began;
    private int _looks;
    private int _rest;
    private int _left;
    private bool _spun;

    /// <summary>A wait begins.</summary>
    public void Begin()
    {
        _began = Stopwatch.GetTimestamp();
        _spun = _left == 0;
        if (_left > 0) _left--;
    }

    /// <summary>Whether to look again. Now and then others run before, who have something to do.</summary>
    public bool GoesOn()
    {
        if (!_spun || Stopwatch.GetTimestamp() - _began > s_longest) return false;
        if (++_looks % LooksOfATurn == 0) Thread.Yield();
        else Thread.SpinWait(1);
        return true;
    }

    /// <summary>The wait is over.</summary>
    public void End()
    {
        var waited = Stopwatch.GetTimestamp() - _began;
        if (waited <= (_spun ? s_longest : s_short)) _rest = _left = 0;
        else if (_spun) _left = _rest = Math.Clamp(_rest * 2, 1, LongestRest);
    }
}
