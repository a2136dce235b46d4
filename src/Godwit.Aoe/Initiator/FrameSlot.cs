using Godwit.Aoe.Wire;

namespace Godwit.Aoe.Initiator;

/// <summary>
/// One frame that waits for its answer. Its place in the table is part of its sequence number, so that an answer finds
/// it at once; the rest of the number counts its uses, so that a late answer to an earlier use finds nothing.
/// </summary>
internal sealed class FrameSlot(int index, uint generation)
{
    private const int IndexBits = 10;
    public const int Count = 1 << IndexBits;
    private uint _generation = generation;

    public uint Tag { get; private set; }

    /// <summary>Null while the slot is free.</summary>
    public IoRequest? Request { get; private set; }

    /// <summary>First sector, counted from the start of the disk.</summary>
    public long Lba { get; private set; }

    /// <summary>What its frame had for an address when it was sent last, and its answer has too.</summary>
    public long SentLba { get; set; }

    public int Sectors { get; private set; }

    /// <summary>Where the data is in the request's buffer, in bytes.</summary>
    public int At { get; private set; }

    public int Tries { get; set; }

    public long SentAt { get; set; }

    /// <summary>When it was sent for the first time.</summary>
    public long FirstSentAt { get; set; }

    /// <summary>What it was sent on last; null before.</summary>
    public FramePath? Path { get; set; }

    /// <summary>Waits to be sent again, and does not count as on its way.</summary>
    public bool Lost { get; set; }

    /// <summary>Whether the time of its answer says something of the network.</summary>
    public bool Sampled { get; set; }

    public static int IndexOf(uint tag) => (int)(new FrameTag(tag).Sequence & (Count - 1));

    public void Take(int session, IoRequest request, long lba, int sectors, int at)
    {
        Retag(session);
        Request = request;
        Lba = lba;
        Sectors = sectors;
        At = at;
        Tries = 0;
        Lost = false;
        Path = null;
    }

    public void Retag(int session) => Tag = new FrameTag(session, ++_generation << IndexBits | (uint)index).Value;

    /// <summary>The target has said that it did not execute one of the copies.</summary>
    public void Refused() => Tries--;

    public void Free() => Request = null;
}
