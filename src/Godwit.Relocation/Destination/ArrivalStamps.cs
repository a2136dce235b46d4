using Godwit.Relocation.Protocol;

namespace Godwit.Relocation.Destination;

/// <summary>Time stamps of the destination's part of the downtime.</summary>
internal sealed class ArrivalStamps(TimeProvider time)
{
    private DateTimeOffset? _resumed;

    public DateTimeOffset HandoverReceived { get; set; }

    public DateTimeOffset CommitBegan { get; set; }

    public DateTimeOffset CommitEnded { get; set; }

    public DateTimeOffset FenceBegan { get; set; }

    public DateTimeOffset FenceEnded { get; set; }

    public DateTimeOffset ResumeBegan { get; set; }

    /// <summary>The engine's stamp of the first resume; later ones are none of the relocation's.</summary>
    public void Resumed(DateTimeOffset at) => _resumed ??= at;

    public ArrivalTimes ToTimes() => new(
        HandoverReceived, CommitBegan, CommitEnded, FenceBegan, FenceEnded, ResumeBegan, _resumed ?? time.GetUtcNow());
}
