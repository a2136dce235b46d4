using Godwit.Relocation.Protocol;

namespace Godwit.Relocation.Source;

/// <summary>
/// How far the destination's clock is ahead of the source's, from the question with the shortest round trip; the
/// error is at most half of that (as in NTP, RFC 5905 section 8). Without it, time stamps of two hosts cannot be
/// subtracted.
/// </summary>
internal sealed class ClockOffset(SteadyClock clock)
{
    private const int Questions = 8;
    private TimeSpan _shortest = TimeSpan.MaxValue;
    private DateTimeOffset _asked;
    private int _number;

    /// <summary>What to add to a time of the source to have the destination's.</summary>
    public TimeSpan Value { get; private set; }

    public RelocationMessage.ClockQuestion Ask()
    {
        _asked = clock.Now;
        return new RelocationMessage.ClockQuestion(++_number);
    }

    /// <returns>Whether to ask again.</returns>
    public bool Take(RelocationMessage.ClockAnswer answer)
    {
        if (answer.Number != _number)
            return false;
        var roundTrip = clock.Now - _asked;
        if (roundTrip < _shortest)
        {
            _shortest = roundTrip;
            Value = answer.Now - (_asked + roundTrip / 2);
        }
        return _number < Questions;
    }

    /// <summary>A time stamp of the destination by the source's clock.</summary>
    public DateTimeOffset ToSource(DateTimeOffset destination) => destination - Value;
}
