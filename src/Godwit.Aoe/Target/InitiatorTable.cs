using Godwit.Domains;

namespace Godwit.Aoe.Target;

/// <summary>
/// What the target remembers of initiators that asked for a write cache, by address and session. Bounded: where there
/// are too many, the one unused for longest falls back to durable writes, which is safe, only slower.
/// </summary>
internal sealed class InitiatorTable
{
    private const int Most = 256;
    private readonly Dictionary<(MacAddress Source, int Session), Initiator> _initiators = [];
    private long _clock;

    public Initiator? Find(MacAddress source, int session)
    {
        if (!_initiators.TryGetValue((source, session), out var found)) return null;
        found.LastUsed = ++_clock;
        return found;
    }

    /// <summary>
    /// Begins anew with this initiator, as its own sequence of tags does; but not for a repetition of the same frame,
    /// which may come late.
    /// </summary>
    public void EnableWriteCache(MacAddress source, int session, uint tag)
    {
        if (Find(source, session) is { } known && session != 0 && known.EnabledBy == tag) return;
        if (_initiators.Count >= Most && !_initiators.ContainsKey((source, session)))
            _initiators.Remove(_initiators.MinBy(i => i.Value.LastUsed).Key);
        _initiators[(source, session)] = new Initiator(session, tag) { LastUsed = ++_clock };
    }

    public void DisableWriteCache(MacAddress source, int session) => _initiators.Remove((source, session));

    public sealed class Initiator(int session, uint enabledBy)
    {
        /// <summary>
        /// Only under a session are tags known to be those of one process, so that equal ones mean a repetition.
        /// </summary>
        public RecentWrites? Recent { get; } = session == 0 ? null : new RecentWrites();

        /// <summary>Tag of the frame that turned the write cache on.</summary>
        public uint EnabledBy { get; } = enabledBy;

        public long LastUsed { get; set; }
    }
}
