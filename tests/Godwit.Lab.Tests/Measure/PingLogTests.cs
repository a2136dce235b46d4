using Godwit.Lab.Measure;

namespace Godwit.Lab.Tests.Measure;

public sealed class PingLogTests
{
    private const long Ms = 1_000_000;

    [Fact]
    public void NothingLostAndTheGapIsThePace()
    {
        var log = Pings(100, reply: n => n * 10 + 1);
        Assert.Equal(new PingFigures(100, 0, 10), log.Total());
    }

    [Fact]
    public void PingsWithoutReplyAreLostInTheirWindowOnly()
    {
        var log = Pings(100, reply: n => n is >= 40 and < 45 ? null : n * 10 + 1);
        Assert.Equal(new PingFigures(100, 5, 60), log.Total());
        Assert.Equal([(43u, 430 * Ms), (44u, 440 * Ms)], log.Lost(430 * Ms, 500 * Ms));
        Assert.Equal(new PingFigures(11, 0, 10), log.Window(100 * Ms, 200 * Ms));
        Assert.Equal(new PingFigures(21, 5, 60), log.Window(300 * Ms, 500 * Ms));
        // The silence spans a window that lies in it altogether.
        Assert.Equal(60, log.Window(410 * Ms, 420 * Ms).LongestGapMs);
    }

    [Fact]
    public void RepliesThatWaitedInATapAreNoLossButAGap()
    {
        var log = Pings(100, reply: n => n is >= 40 and < 45 ? 451 : n * 10 + 1);
        Assert.Equal(new PingFigures(100, 0, 60), log.Total());
    }

    [Theory]
    [InlineData(3000, 0)]
    [InlineData(3001, 1)]
    public void AReplyAfterMoreThanThreeSecondsIsALoss(long late, int lost)
    {
        var log = Pings(1, reply: _ => late);
        Assert.Equal(lost, log.Total().Lost);
        Assert.Equal(0, log.Unanswered(0, 0));
    }

    [Fact]
    public void OnlyPingsWithoutAnyReplyAreUnanswered()
    {
        var log = Pings(100, reply: n => n switch { < 40 => n * 10 + 1, < 45 => null, _ => n * 10 + 9000 });
        Assert.Equal(5, log.Unanswered(0, 990 * Ms));
        Assert.Equal(2, log.Unanswered(430 * Ms, 990 * Ms));
    }

    [Fact]
    public void ASilenceWithoutEndLastsToTheWindowsEnd()
    {
        var log = Pings(100, reply: n => n < 50 ? n * 10 + 1 : null);
        Assert.Equal(990 - 491, log.Total().LongestGapMs);
        Assert.Equal(700 - 491, log.Window(0, 700 * Ms).LongestGapMs);
    }

    [Fact]
    public void NoReplyAtAllIsASilenceFromTheFirstPing() =>
        Assert.Equal(new PingFigures(100, 100, 990), Pings(100, reply: _ => null).Total());

    [Fact]
    public void AReplyThatComesTwiceOrToNoPingCountsOnce()
    {
        var log = Pings(2, reply: n => n * 10 + 1);
        log.Replied(0, 5000 * Ms);
        log.Replied(77, 1 * Ms);
        Assert.Equal(new PingFigures(2, 0, 10), log.Total());
    }

    /// <summary>One ping every 10 ms from 0 on, with the time of its reply in milliseconds.</summary>
    private static PingLog Pings(int count, Func<int, long?> reply)
    {
        var log = new PingLog();
        for (var n = 0; n < count; n++) log.Sent(n * 10 * Ms);
        for (var n = 0; n < count; n++)
            if (reply(n) is { } at) log.Replied((uint)n, at * Ms);
        return log;
    }
}
