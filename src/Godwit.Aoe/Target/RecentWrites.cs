using Godwit.Aoe.Wire;

namespace Godwit.Aoe.Target;

/// <summary>
/// The writes of one session that were executed of late. Godwit's initiator sends a write again under the same tag;
/// when the first copy was executed all the same, the second must not be: it may come after a newer write to the same
/// place, and would bring old data back.
/// </summary>
internal sealed class RecentWrites
{
    // An initiator uses up its 2^20 sequence numbers before one comes back, so an entry has long been displaced, by whatever
    // else it sent: not by writes alone, or one that reads for the most part would find its own old tags here.
    private const int Slots = 1 << 14;
    private readonly (uint Tag, long Lba)[] _writes = new (uint, long)[Slots];

    public bool Contains(uint tag, long lba)
    {
        var slot = _writes[new FrameTag(tag).Sequence % Slots];
        return slot.Tag == tag && slot.Lba == lba;
    }

    /// <summary>A command was executed under a tag, of whatever kind: what had its place is no longer recent.</summary>
    public void Pass(uint tag)
    {
        ref var write = ref _writes[new FrameTag(tag).Sequence % Slots];
        if (write.Tag != tag) write = default;
    }

    public void Add(uint tag, long lba) => _writes[new FrameTag(tag).Sequence % Slots] = (tag, lba);
}
