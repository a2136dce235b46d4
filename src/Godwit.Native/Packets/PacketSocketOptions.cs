namespace Godwit.Native.Packets;

/// <summary>How a packet socket is opened.</summary>
public sealed record PacketSocketOptions
{
    public required ushort EtherType { get; init; }

    /// <summary>Filter that runs in the kernel before a frame is queued; empty takes all of the EtherType.</summary>
    public IReadOnlyList<BpfInstruction> Filter { get; init; } = [];

    /// <summary>Room for frames that wait to be received, in bytes as the kernel counts them; of no use with a ring.</summary>
    public int ReceiveBufferBytes { get; init; } = 16 << 20;

    /// <summary>Frames are received into memory that is shared with the kernel, without a call for them; null: by calls.</summary>
    public PacketRingSize? Ring { get; init; }

    /// <summary>
    /// So much of a frame that is sent goes to the front of the kernel's buffer, and the rest into whole pages of its own. Data of
    /// whole pages that stands behind such a head is then copied from page to page, and takes no page more than it fills: measured on
    /// a veth pair, a frame with 4 KiB is sent in 0.81 of the time, one with 8 KiB in 0.72. 0: the kernel keeps the Ethernet
    /// header apart from the rest.
    /// </summary>
    public int HeadBytes { get; init; }

    public int SendBufferBytes { get; init; } = 8 << 20;

    /// <summary>
    /// Whether a wait for frames begins with looking again and again for a moment, where frames came that soon of late: to sleep
    /// and be woken costs more than the moment, in time and in CPU. Other threads that want the processor get it.
    /// </summary>
    public bool Spins { get; init; }

    /// <summary>
    /// Hands frames to the driver past the queueing discipline (PACKET_QDISC_BYPASS): quicker, but the driver drops
    /// what it has no room for, and no traffic shaping applies.
    /// </summary>
    public bool BypassQueueing { get; init; }
}

/// <summary>Room of a receive ring.</summary>
/// <param name="Frames">Frames that wait at most; the ring has so many or somewhat more.</param>
/// <param name="FrameBytes">Longest frame, with its Ethernet header; longer ones are left out.</param>
public sealed record PacketRingSize(int Frames, int FrameBytes);
