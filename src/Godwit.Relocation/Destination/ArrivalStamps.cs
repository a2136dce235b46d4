using Godwit.Relocation.Protocol;

namespace Godwit.Relocation.Destination;

/// <summary>
/// Time stamps of the destination's part of the downtime. A part begins where the one before it ended: what the daemon
/// itself needs in between is part of what it was on its way to do.
/// </summary>
internal sealed class ArrivalStamps(TimeProvider time)
{
    private DateTimeOffset? _resumed;

    public DateTimeOffset HandoverReceived { get; set; }

    public DateTimeOffset CommitEnded { get; set; }

    public DateTimeOffset FenceEnded { get; set; }

    /// <summary>The engine's stamp of the first resume; later ones are none of the relocation's.</summary>
    public void Resumed(DateTimeOffset at) => _resumed ??= at;

    public ArrivalTimes ToTimes() => new(
        HandoverReceived, CommitEnded, FenceEnded, _resumed ?? time.GetUtcNow());
}
