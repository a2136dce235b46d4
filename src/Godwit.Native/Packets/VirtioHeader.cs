using System.Buffers.Binary;

namespace Godwit.Native.Packets;

/// <summary>
/// What stands before a frame that crosses to the kernel with PACKET_VNET_HDR or through a tap: linux/virtio_net.h <c>struct
/// virtio_net_hdr</c>.
/// <code>
///   0       1          2             4          6           8            10
///   | flags | gso type | head length | gso size | sum start | sum offset |
/// </code>
/// </summary>
internal static class VirtioHeader
{
    public const int Bytes = 10;
    public const int GsoTypeAt = 1, HeadLengthAt = 2, ChecksumStartAt = 6, ChecksumOffsetAt = 8;

    /// <summary>Flag: the checksum is left to whoever sends the frame out.</summary>
    public const byte NeedsChecksum = 1;

    public static void Write(Span<byte> header, int headLength)
    {
        header.Clear();
        BinaryPrimitives.WriteUInt16LittleEndian(header[HeadLengthAt..], (ushort)headLength);
    }
}
