namespace Godwit.Simulation.Scheduling;

/// <summary>The clock of a simulation: it stands still while anything runs.</summary>
internal sealed class SimTime(SimScheduler scheduler) : TimeProvider
{
    private static readonly DateTimeOffset Beginning = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => scheduler.Now;

    public override DateTimeOffset GetUtcNow() => Beginning.AddTicks(scheduler.Now);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new SimTimer(scheduler, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }
}

internal sealed class SimTimer(SimScheduler scheduler, TimerCallback callback, object? state) : ITimer
{
    private long? _due;
    private TimeSpan _period;

    public bool IsDueAt(long due) => _due == due;

    public bool Change(TimeSpan dueTime, TimeSpan period)
    {
        _period = period;
        _due = dueTime == Timeout.InfiniteTimeSpan ? null : scheduler.Now + dueTime.Ticks;
        if (_due is { } due)
            scheduler.Schedule(this, due);
        return true;
    }

    public void Fire()
    {
        if (_period > TimeSpan.Zero)
            Change(_period, _period);
        else
            _due = null;
        callback(state);
    }

    public void Dispose() => _due = null;

    public ValueTask DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }
}
