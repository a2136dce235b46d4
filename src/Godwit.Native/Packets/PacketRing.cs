using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Godwit.Native.Packets;

/// <summary>
/// The receive ring of a packet socket (packet_mmap of the kernel's documentation, version 2): the kernel puts each frame into the next
/// place, in the context of whoever sent it, and marks it; here it is used where it lies, and the place given back.
/// <code>
///   place: tpacket2_hdr ── 0 status │ 4 length │ 8 captured │ 12 mac (where the frame begins) │ 14 net │ ...
/// </code>
/// </summary>
internal sealed unsafe partial class PacketRing : IDisposable
{
    private const int SOL_PACKET = 263, PACKET_RX_RING = 5, PACKET_VERSION = 10, TPACKET_V2 = 1;
    private const int PROT_READ = 1, PROT_WRITE = 2, MAP_SHARED = 1;
    private const uint TP_STATUS_KERNEL = 0, TP_STATUS_USER = 1;

    /// <summary>Before the frame: the header, the sender's address, and what aligns them, with some to spare.</summary>
    private const int Overhead = 128;

    private const int SmallestBlock = 64 << 10;
    private readonly byte* _memory;
    private readonly nuint _bytes;
    private readonly int _blockBytes;
    private readonly int _placeBytes;
    private readonly int _placesOfBlock;
    private readonly int _places;
    private int _next;
    private int _lent;

    private long _tooLong;

    private PacketRing(byte* memory, nuint bytes, int blockBytes, int placeBytes, int places)
    {
        _memory = memory;
        (_bytes, _blockBytes, _placeBytes, _places) = (bytes, blockBytes, placeBytes, places);
        _placesOfBlock = blockBytes / placeBytes;
    }

    /// <summary>Frames that were left out, as their place was too small for them.</summary>
    public long TooLong => Volatile.Read(ref _tooLong);

    /// <exception cref="NativeException">The kernel has no memory for it.</exception>
    public static PacketRing Open(SafeFileHandle socket, PacketRingSize size)
    {
        var version = TPACKET_V2;
        if (setsockopt(socket, SOL_PACKET, PACKET_VERSION, &version, sizeof(int)) < 0) throw NativeException.Last("PACKET_VERSION");
        var placeBytes = (size.FrameBytes + Overhead + 63) & ~63;
        var blockBytes = BlockFor(placeBytes);
        var placesOfBlock = blockBytes / placeBytes;
        var blocks = (size.Frames + placesOfBlock - 1) / placesOfBlock;
        var request = new RingRequest
        {
            BlockSize = (uint)blockBytes,
            BlockCount = (uint)blocks,
            FrameSize = (uint)placeBytes,
            FrameCount = (uint)(blocks * placesOfBlock),
        };
        if (setsockopt(socket, SOL_PACKET, PACKET_RX_RING, &request, (uint)sizeof(RingRequest)) < 0) throw NativeException.Last("PACKET_RX_RING");
        var bytes = (nuint)blocks * (nuint)blockBytes;
        var memory = mmap(0, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, socket, 0);
        if (memory == -1) throw NativeException.Last("mmap of a packet ring");
        return new PacketRing((byte*)memory, bytes, blockBytes, placeBytes, blocks * placesOfBlock);
    }

    /// <summary>Gives back the frames of the last time, and takes all that are there and fit into the batch.</summary>
    public bool TryReceive(PacketBatch batch)
    {
        GiveBack();
        // Frames that were too long take places too: with none left, the next is one that is not given back yet.
        while (!batch.IsFull && _lent < _places)
        {
            var place = Place(_next);
            if ((Volatile.Read(ref Unsafe.AsRef<uint>(place)) & TP_STATUS_USER) == 0) break;
            var (length, captured, at) = (((uint*)place)[1], ((uint*)place)[2], ((ushort*)place)[6]);
            // The kernel does not fill what it has not been given back.
            _next = After(_next);
            _lent++;
            if (length == captured) batch.Refer((nint)(place + at), (int)length);
            else _tooLong++;
        }
        return batch.Count > 0;
    }

    public void Dispose() => _ = munmap((nint)_memory, _bytes);

    private void GiveBack()
    {
        for (var i = _next - _lent; _lent > 0; i++, _lent--)
            Volatile.Write(ref Unsafe.AsRef<uint>(Place(i < 0 ? i + _places : i)), TP_STATUS_KERNEL);
    }

    // A power of two, as the kernel wants it, of which no more than a quarter is left over.
    private static int BlockFor(int placeBytes)
    {
        var block = SmallestBlock;
        while (block % placeBytes > block / 4) block *= 2;
        return block;
    }

    private int After(int place) => place + 1 == _places ? 0 : place + 1;

    // No place crosses the end of a block.
    private byte* Place(int index) => _memory + (nint)(index / _placesOfBlock) * _blockBytes + index % _placesOfBlock * _placeBytes;

    /// <summary>linux/if_packet.h <c>struct tpacket_req</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct RingRequest
    {
        public uint BlockSize;
        public uint BlockCount;
        public uint FrameSize;
        public uint FrameCount;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setsockopt(SafeFileHandle fd, int level, int option, void* value, uint length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint mmap(nint address, nuint length, int protection, int flags, SafeFileHandle fd, long offset);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int munmap(nint address, nuint length);
}
