using Godwit.Relocation.Protocol;

namespace Godwit.Relocation.Destination;

/// <summary>
/// Time stamps of the destination's part of the downtime. A part begins where the one before it ended: what the daemon
/// itself needs in between is part of what it was on its way to do.
/// </summary>
internal sealed class ArrivalStamps(SteadyClock clock)
{
    private DateTimeOffset _handoverReceived;
    private DateTimeOffset _commitEnded;
    private DateTimeOffset _fenceEnded;
    private DateTimeOffset? _resumed;

    public void HandoverReceived() => _handoverReceived = clock.Now;

    public void CommitEnded() => _commitEnded = clock.Now;

    public void FenceEnded() => _fenceEnded = clock.Now;

    /// <summary>The engine's stamp of the first resume; later ones are none of the relocation's.</summary>
    public void Resumed(DateTimeOffset at) => _resumed ??= clock.Of(at);

    /// <summary>Nothing is to run: it is there.</summary>
    public void Resumed() => _resumed ??= clock.Now;

    public ArrivalTimes ToTimes() => new(
        _handoverReceived, _commitEnded, _fenceEnded, _resumed ?? clock.Now);
}
