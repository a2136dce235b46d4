using Godwit.Domains;
using Godwit.Native;
using Godwit.Native.Packets;

namespace Godwit.Hypervisors.Network;

/// <summary>
/// Notes the frames that come for a guest which may stop at any moment to move, when they came, and whom it sent some itself.
/// The latest are kept, whatever is known of a stop: it is heard of after it was. What finds no room in the kernel is not
/// noted: the guest's port has more.
/// </summary>
internal sealed class FrameNotes : IDisposable
{
    private const ushort AllEtherTypes = 3; // ETH_P_ALL
    private const int RoomBytes = 1 << 20, HeaderBytes = 14;

    /// <summary>Of an interface with jumbo frames. What is longer was put together from segments on its way; its sender sends again.</summary>
    private const int FrameBytes = 9216;

    private readonly PacketSocket _socket;
    private readonly PacketBatch _next = new(1, FrameBytes);
    private readonly Queue<NotedFrame> _latest = [];
    private int _latestBytes;

    /// <exception cref="NativeException">The port is not there.</exception>
    public FrameNotes(GuestPort port)
    {
        _socket = PacketSocket.Open(port.Device, new PacketSocketOptions
        {
            EtherType = AllEtherTypes,
            Filter = For(port.Mac),
            ReceiveBufferBytes = RoomBytes,
            SendBufferBytes = FrameBytes,
        });
        _socket.NoteTimes();
    }

    /// <summary>Makes room in the kernel for what comes.</summary>
    public void Collect()
    {
        for (_socket.Receive(_next, 0); _next.Count > 0; _socket.Receive(_next, 0))
        {
            _latest.Enqueue(new NotedFrame(_next[0].ToArray(), _socket.LastCame));
            _latestBytes += _next[0].Length;
            while (_latestBytes > RoomBytes) _latestBytes -= _latest.Dequeue().Frame.Length;
        }
    }

    public IReadOnlyList<NotedFrame> Take()
    {
        Collect();
        return [.. _latest];
    }

    public void Dispose() => _socket.Dispose();

    // Frames to this address: what goes to all reaches the new place by itself. And of the guest's own whom they are for.
    private static BpfInstruction[] For(MacAddress mac) =>
    [
        .. If(mac, at: 0, BpfInstruction.Accept),
        .. If(mac, at: 6, BpfInstruction.AcceptFirst(HeaderBytes)),
        BpfInstruction.Drop,
    ];

    private static BpfInstruction[] If(MacAddress mac, uint at, BpfInstruction then) =>
    [
        BpfInstruction.LoadUInt16(at), BpfInstruction.IfEqual((uint)(mac.Value >> 32), 0, 5),
        BpfInstruction.LoadUInt16(at + 2), BpfInstruction.IfEqual((uint)(mac.Value >> 16) & 0xffff, 0, 3),
        BpfInstruction.LoadUInt16(at + 4), BpfInstruction.IfEqual((uint)mac.Value & 0xffff, 0, 1),
        then,
    ];
}

/// <param name="Frame">The frame, from its Ethernet header on; of the guest's own the header alone.</param>
/// <param name="Came">When it passed the port, by the clock of this host.</param>
internal readonly record struct NotedFrame(byte[] Frame, DateTimeOffset Came)
{
    public MacAddress To => MacAddress.Read(Frame);

    public MacAddress From => MacAddress.Read(Frame.AsSpan(6));
}
