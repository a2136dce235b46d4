namespace Godwit.Simulation.Scheduling;

/// <summary>The clock of one host: its wall clock is off, and may be set; its timers and its monotonic clock are everybody's.</summary>
internal sealed class SimClock(SimTime time, TimeSpan ahead) : TimeProvider
{
    private TimeSpan _ahead = ahead;

    public override long TimestampFrequency => time.TimestampFrequency;

    public void Step(TimeSpan by) => _ahead += by;

    public override long GetTimestamp() => time.GetTimestamp();

    public override DateTimeOffset GetUtcNow() => time.GetUtcNow() + _ahead;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        time.CreateTimer(callback, state, dueTime, period);
}
