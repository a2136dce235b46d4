using Godwit.Aoe.Wire;
using Godwit.Native.Packets;

namespace Godwit.Aoe.Initiator;

/// <summary>
/// One of the links of an exchange, with the frames that come and go on it. What comes in is its thread's alone; the rest belongs to
/// the lock of <see cref="FrameExchange"/>.
/// </summary>
internal sealed class LinkPort(IFrameLink link)
{
    private const int BatchFrames = 64;

    public IFrameLink Link => link;

    public PacketBatch Outgoing { get; private set; } = Room(link);

    public PacketBatch Incoming { get; private set; } = Room(link);

    /// <summary>Its thread waits without an end in sight, and has to be woken when there is something to look after.</summary>
    public bool Parked { get; set; }

    /// <summary>Why it is of no use any more; null while it is.</summary>
    public IOException? Failure { get; set; }

    /// <summary>See <see cref="IFrameLink.Renew"/>. For its thread, which holds the lock, and after all that came in was taken.</summary>
    public LinkChange Renew()
    {
        var change = link.Renew();
        if (change == LinkChange.Renewed) (Outgoing, Incoming) = (Room(link), Room(link));
        return change;
    }

    private static PacketBatch Room(IFrameLink link) => new(BatchFrames, AoeProtocol.FrameBytes(link.MtuLimit));
}
