namespace Godwit.Native.Packets;

/// <summary>How a packet socket is opened.</summary>
public sealed record PacketSocketOptions
{
    public required ushort EtherType { get; init; }

    /// <summary>Filter that runs in the kernel before a frame is queued; empty takes all of the EtherType.</summary>
    public IReadOnlyList<BpfInstruction> Filter { get; init; } = [];

    /// <summary>Room for frames that wait to be received, in bytes as the kernel counts them.</summary>
    public int ReceiveBufferBytes { get; init; } = 16 << 20;

    public int SendBufferBytes { get; init; } = 8 << 20;

    /// <summary>
    /// Hands frames to the driver past the queueing discipline (PACKET_QDISC_BYPASS): quicker, but the driver drops
    /// what it has no room for, and no traffic shaping applies.
    /// </summary>
    public bool BypassQueueing { get; init; }
}
