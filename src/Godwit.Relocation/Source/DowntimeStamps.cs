using Godwit.Relocation.Protocol;

namespace Godwit.Relocation.Source;

/// <summary>
/// Time stamps of the stop on the source. Each part of the downtime has a begin and an end of its own: nothing is
/// computed as what the others leave.
/// </summary>
internal sealed class DowntimeStamps
{
    /// <summary>The engine's stamp of the guest's stop.</summary>
    public DateTimeOffset? Stopped { get; set; }

    /// <summary>The permission to send the rest is on its way to the engine.</summary>
    public DateTimeOffset? Permitted { get; set; }

    /// <summary>The engine begins the last round.</summary>
    public DateTimeOffset? LastRoundBegan { get; set; }

    /// <summary>The last page has passed the relay.</summary>
    public DateTimeOffset? MemorySent { get; set; }

    public (TimeSpan Downtime, DowntimeBreakdown? Parts) Against(ArrivalTimes arrival, ClockOffset clock)
    {
        if (Stopped is not { } stopped)
            return (TimeSpan.Zero, null);
        var downtime = clock.ToSource(arrival.Resumed) - stopped;
        if (Permitted is not { } permitted || LastRoundBegan is not { } lastRoundBegan || MemorySent is not { } memorySent)
            return (downtime, null);
        return (downtime, new DowntimeBreakdown(
            Stop: permitted - stopped,
            LastRound: memorySent - lastRoundBegan,
            DeviceState: clock.ToSource(arrival.HandoverReceived) - memorySent,
            Commit: arrival.CommitEnded - arrival.CommitBegan,
            Fence: arrival.FenceEnded - arrival.FenceBegan,
            Resume: arrival.Resumed - arrival.ResumeBegan));
    }
}
