using Godwit.Aoe.Wire;
using Godwit.Domains;

namespace Godwit.Aoe.Target;

/// <summary>
/// What the target remembers of initiators that asked for a write cache, by address and program: the driver of a host's
/// kernel never flushes, whatever another program there has promised. Bounded: where there are too many, the one unused
/// for longest falls back to durable writes, which is safe, only slower.
/// <para>
/// A process may send from several addresses, and says by a number of its own that they are one: a write that came from one
/// of them is known when its copy comes from another.
/// </para>
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
    /// which may come late, nor for a process that is known already.
    /// </summary>
    /// <param name="source">Where the order comes from.</param>
    /// <param name="tag">Its frame's.</param>
    /// <param name="process">Number of the process that asks, drawn at its start; 0 from those that do not say.</param>
    public void EnableWriteCache(MacAddress source, FrameTag tag, long process)
    {
        if (Find(source, tag) is { } known && known.Process == process
            && (process != 0 || (tag.Session != 0 && known.EnabledBy == tag))) return;
        var initiator = FindProcess(tag.Program, process) ?? new Initiator(tag, process);
        initiator.LastUsed = ++_clock;
        if (_initiators.Count >= Most && !_initiators.ContainsKey((source, tag.Program)))
            _initiators.Remove(_initiators.MinBy(i => i.Value.LastUsed).Key);
        _initiators[(source, tag.Program)] = initiator;
    }

    public void DisableWriteCache(MacAddress source, FrameTag tag) => _initiators.Remove((source, tag.Program));

    private Initiator? FindProcess(int program, long process)
    {
        if (process == 0) return null;
        foreach (var ((_, other), initiator) in _initiators)
        {
            if (other == program && initiator.Process == process) return initiator;
        }
        return null;
    }

    public sealed class Initiator(FrameTag enabledBy, long process)
    {
        /// <summary>
        /// Only under a session are tags known to be those of one process, so that equal ones mean a repetition.
        /// </summary>
        public RecentWrites? Recent { get; } = enabledBy.Session == 0 ? null : new RecentWrites();

        /// <summary>Tag of the frame that turned the write cache on.</summary>
        public FrameTag EnabledBy { get; } = enabledBy;

        public long Process { get; } = process;

        public long LastUsed { get; set; }
    }
}
