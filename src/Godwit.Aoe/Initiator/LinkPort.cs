using Godwit.Native.Packets;

namespace Godwit.Aoe.Initiator;

/// <summary>
/// One of the links of an exchange, with the frames that come and go on it. What comes in is its thread's alone; the rest belongs to
/// the lock of <see cref="FrameExchange"/>.
/// </summary>
internal sealed class LinkPort(IFrameLink link, int batchFrames, int frameBytes)
{
    public IFrameLink Link => link;

    public PacketBatch Outgoing { get; } = new(batchFrames, frameBytes);

    public PacketBatch Incoming { get; } = new(batchFrames, frameBytes);

    /// <summary>Its thread waits without an end in sight, and has to be woken when there is something to look after.</summary>
    public bool Parked { get; set; }

    /// <summary>Why it is of no use any more; null while it is.</summary>
    public IOException? Failure { get; set; }
}
