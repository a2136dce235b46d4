namespace Godwit.Aoe.Wire;

/// <summary>
/// How Godwit's initiator fills the tag, which belongs to the initiator alone (AoEr11 section 2, "Tag"). Programs set
/// bit 31, the Linux driver never does.
/// <code>
///   31 30          20 19                    0
///  +--+--------------+-----------------------+
///  | 1| session      | sequence              |
///  +--+--------------+-----------------------+
/// </code>
/// The session is the number that the target's fence gave to this stay of the host; 0 means none.
/// </summary>
public readonly record struct FrameTag(uint Value)
{
    public const int LastSession = 0x7FF;
    public const uint SequenceMask = 0xFFFFF;
    private const int SessionShift = 20;
    private const uint UserSpace = 0x8000_0000;

    public FrameTag(int session, uint sequence)
        : this(UserSpace | ((uint)session & LastSession) << SessionShift | (sequence & SequenceMask))
    {
    }

    /// <summary>Zero for tags of others, such as those of the Linux driver.</summary>
    public int Session => (Value & UserSpace) == 0 ? 0 : (int)(Value >> SessionShift) & LastSession;

    /// <summary>
    /// What tells programs of one host apart: the Linux driver (zero) from Godwit's initiator, even one without a session, and
    /// sessions from each other.
    /// </summary>
    public int Program => (Value & UserSpace) == 0 ? 0 : (int)(Value >> SessionShift);

    public uint Sequence => Value & SequenceMask;
}
