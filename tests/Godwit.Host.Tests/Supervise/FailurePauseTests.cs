using Godwit.Host.Supervise;

namespace Godwit.Host.Tests.Supervise;

public class FailurePauseTests
{
    [Fact]
    public void ItGrowsForADiskThatFailsAgainSoon()
    {
        var time = new PassedTime();
        var failures = new FailurePause(time);
        Assert.Equal([0, 1, 2, 4, 8, 16, 32, 60, 60], Enumerable.Range(0, 9).Select(_ => failures.Next().TotalSeconds));
        time.Passed += TimeSpan.FromMinutes(6);
        Assert.Equal(TimeSpan.Zero, failures.Next());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public void AClockThatIsSetMakesNoFailureAnOldOne(int hours)
    {
        var time = new PassedTime();
        var failures = new FailurePause(time);
        failures.Next();
        time.ClockAhead = TimeSpan.FromHours(hours);
        Assert.Equal(TimeSpan.FromSeconds(1), failures.Next());
    }

    /// <summary>Time that passes when a test says so, beside a wall clock that may be set.</summary>
    private sealed class PassedTime : TimeProvider
    {
        public TimeSpan Passed { get; set; }

        public TimeSpan ClockAhead { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Passed.Ticks;

        public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch.AddDays(1) + Passed + ClockAhead;
    }
}
