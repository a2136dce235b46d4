using Godwit.Relocation.Protocol;

namespace Godwit.Relocation.Source;

/// <summary>
/// Time stamps of the stop on the source. Every boundary between two parts of the downtime is an event with a time
/// stamp of its own; no part is computed as what the others leave of the whole.
/// </summary>
internal sealed class DowntimeStamps
{
    /// <summary>The engine's stamp of the guest's stop.</summary>
    public DateTimeOffset? Stopped { get; set; }

    /// <summary>The engine is permitted to send the rest: the last round begins.</summary>
    public DateTimeOffset? Permitted { get; set; }

    /// <summary>The last page has passed the relay.</summary>
    public DateTimeOffset? MemorySent { get; set; }

    public (TimeSpan Downtime, DowntimeBreakdown? Parts) Against(ArrivalTimes arrival, ClockOffset clock)
    {
        if (Stopped is not { } stopped)
            return (TimeSpan.Zero, null);
        var downtime = clock.ToSource(arrival.Resumed) - stopped;
        if (Permitted is not { } permitted || MemorySent is not { } memorySent)
            return (downtime, null);
        return (downtime, new DowntimeBreakdown(
            Stop: permitted - stopped,
            LastRound: memorySent - permitted,
            DeviceState: clock.ToSource(arrival.HandoverReceived) - memorySent,
            Commit: arrival.CommitEnded - arrival.HandoverReceived,
            Fence: arrival.FenceEnded - arrival.CommitEnded,
            Resume: arrival.Resumed - arrival.FenceEnded));
    }
}
