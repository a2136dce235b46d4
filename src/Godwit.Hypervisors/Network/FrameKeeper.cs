using Godwit.Domains;
using Godwit.Native;
using Godwit.Native.Packets;

namespace Godwit.Hypervisors.Network;

/// <summary>
/// Keeps the frames that come for a guest that has stopped to move, until they can follow it. The kernel holds them
/// meanwhile; what finds no room is lost, as on a full switch.
/// </summary>
internal sealed class FrameKeeper : IDisposable
{
    private const ushort AllEtherTypes = 3; // ETH_P_ALL
    private const int RoomBytes = 1 << 20, Frames = 64;

    /// <summary>What follows a guest in one message, in bytes.</summary>
    private const int MostBytes = 512 << 10;

    /// <summary>Of an interface with jumbo frames. What is longer was put together from segments on its way; its sender sends again.</summary>
    private const int FrameBytes = 9216;

    private readonly PacketSocket _kept;

    /// <exception cref="NativeException">The port is not there.</exception>
    public FrameKeeper(GuestPort port) => _kept = PacketSocket.Open(port.Device, new PacketSocketOptions
    {
        EtherType = AllEtherTypes,
        Filter = For(port.Mac),
        ReceiveBufferBytes = RoomBytes,
        SendBufferBytes = FrameBytes,
    });

    public List<byte[]> Take()
    {
        var batch = new PacketBatch(Frames, FrameBytes);
        var (frames, bytes) = (new List<byte[]>(), 0);
        do
        {
            _kept.Receive(batch, 0);
            for (var i = 0; i < batch.Count && (bytes += batch[i].Length) <= MostBytes; i++)
                frames.Add(batch[i].ToArray());
        }
        while (batch.Count > 0 && bytes <= MostBytes);
        return frames;
    }

    public void Dispose() => _kept.Dispose();

    // Frames to this address alone: what goes to all reaches the new place by itself.
    private static BpfInstruction[] For(MacAddress mac) =>
    [
        BpfInstruction.LoadUInt16(0), BpfInstruction.IfEqual((uint)(mac.Value >> 32), 0, 5),
        BpfInstruction.LoadUInt16(2), BpfInstruction.IfEqual((uint)(mac.Value >> 16) & 0xffff, 0, 3),
        BpfInstruction.LoadUInt16(4), BpfInstruction.IfEqual((uint)mac.Value & 0xffff, 0, 1),
        BpfInstruction.Accept,
        BpfInstruction.Drop,
    ];
}
