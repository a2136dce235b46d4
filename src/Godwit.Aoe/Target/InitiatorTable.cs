using Godwit.Aoe.Wire;
using Godwit.Domains;

namespace Godwit.Aoe.Target;

/// <summary>
/// What the target remembers of initiators that asked for a write cache, by address and program: the driver of a host's
/// kernel never flushes, whatever another program there has promised. Bounded: where there are too many, the one unused
/// for longest falls back to durable writes, which is safe, only slower.
/// </summary>
internal sealed class InitiatorTable
{
    private const int Most = 256;
    private readonly Dictionary<(MacAddress Source, int Program), Initiator> _initiators = [];
    private long _clock;

    public Initiator? Find(MacAddress source, FrameTag tag)
    {
        if (!_initiators.TryGetValue((source, tag.Program), out var found)) return null;
        found.LastUsed = ++_clock;
        return found;
    }

    /// <summary>
    /// Begins anew with this initiator, as its own sequence of tags does; but not for a repetition of the same frame,
    /// which may come late.
    /// </summary>
    public void EnableWriteCache(MacAddress source, FrameTag tag)
    {
        if (Find(source, tag) is { } known && tag.Session != 0 && known.EnabledBy == tag) return;
        if (_initiators.Count >= Most && !_initiators.ContainsKey((source, tag.Program)))
            _initiators.Remove(_initiators.MinBy(i => i.Value.LastUsed).Key);
        _initiators[(source, tag.Program)] = new Initiator(tag) { LastUsed = ++_clock };
    }

    public void DisableWriteCache(MacAddress source, FrameTag tag) => _initiators.Remove((source, tag.Program));

    public sealed class Initiator(FrameTag enabledBy)
    {
        /// <summary>
        /// Only under a session are tags known to be those of one process, so that equal ones mean a repetition.
        /// </summary>
        public RecentWrites? Recent { get; } = enabledBy.Session == 0 ? null : new RecentWrites();

        /// <summary>Tag of the frame that turned the write cache on.</summary>
        public FrameTag EnabledBy { get; } = enabledBy;

        public long LastUsed { get; set; }
    }
}
