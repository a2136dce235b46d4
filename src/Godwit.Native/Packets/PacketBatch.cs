using System.Runtime.CompilerServices;

namespace Godwit.Native.Packets;

/// <summary>
/// Room for a number of frames that cross to or from the kernel in one call. The memory is pinned for good, so that
/// the structures recvmmsg(2) and sendmmsg(2) want are filled in once. Not safe for several threads.
/// </summary>
public sealed class PacketBatch
{
    private readonly byte[] _frames;
    private readonly IoVector[] _vectors;
    private readonly MMsgHdr[] _headers;

    /// <param name="capacity">Frames that fit.</param>
    /// <param name="frameBytes">Longest frame, with its Ethernet header.</param>
    public PacketBatch(int capacity, int frameBytes)
    {
        Capacity = capacity;
        // Apart by whole cache lines.
        FrameBytes = (frameBytes + 63) & ~63;
        _frames = GC.AllocateArray<byte>(capacity * FrameBytes, pinned: true);
        _vectors = GC.AllocateArray<IoVector>(capacity, pinned: true);
        _headers = GC.AllocateArray<MMsgHdr>(capacity, pinned: true);
        Link();
    }

    public int Capacity { get; }

    /// <summary>Room for one frame, in bytes.</summary>
    public int FrameBytes { get; }

    /// <summary>Frames that are in the batch.</summary>
    public int Count { get; private set; }

    public bool IsFull => Count == Capacity;

    public ReadOnlySpan<byte> this[int index] => index < Count
        ? _frames.AsSpan(index * FrameBytes, (int)_headers[index].Length)
        : throw new ArgumentOutOfRangeException(nameof(index));

    /// <summary>The frame at an index, to change it before it is sent.</summary>
    public Span<byte> Edit(int index) => _frames.AsSpan(index * FrameBytes, this[index].Length);

    /// <summary>Room for the next frame, with what it held before; it counts once <see cref="Add(int)"/> gives its length.</summary>
    public Span<byte> Next => _frames.AsSpan(Count * FrameBytes, FrameBytes);

    /// <summary>Takes the frame that was written to <see cref="Next"/>.</summary>
    public void Add(int length)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, FrameBytes);
        _headers[Count].Length = (uint)length;
        Count++;
    }

    /// <summary>Copies a frame in; one that is too long is left out, as a wire would.</summary>
    public void Add(ReadOnlySpan<byte> frame)
    {
        if (frame.Length > FrameBytes) return;
        frame.CopyTo(Next);
        Add(frame.Length);
    }

    /// <summary>Makes shorter frames that long, with zeroes.</summary>
    public void Pad(int bytes)
    {
        for (var i = 0; i < Count; i++)
        {
            var length = (int)_headers[i].Length;
            if (length >= bytes) continue;
            _frames.AsSpan(i * FrameBytes + length, bytes - length).Clear();
            _headers[i].Length = (uint)bytes;
        }
    }

    public void Clear() => Count = 0;

    internal Span<MMsgHdr> PrepareReceive()
    {
        foreach (ref var vector in _vectors.AsSpan()) vector.Length = (nuint)FrameBytes;
        return _headers;
    }

    internal Span<MMsgHdr> PrepareSend()
    {
        for (var i = 0; i < Count; i++) _vectors[i].Length = _headers[i].Length;
        return _headers.AsSpan(0, Count);
    }

    /// <summary>Takes what a receive filled in, without frames that did not fit into their room.</summary>
    internal void Received(int count)
    {
        const int MSG_TRUNC = 0x20;
        Count = 0;
        for (var i = 0; i < count; i++)
        {
            ref var header = ref _headers[i];
            if ((header.Header.Flags & MSG_TRUNC) != 0) continue;
            if (i != Count) _frames.AsSpan(i * FrameBytes, (int)header.Length).CopyTo(Next);
            Add((int)header.Length);
        }
    }

    private unsafe void Link()
    {
        var frames = (byte*)Unsafe.AsPointer(ref _frames[0]);
        var vectors = (IoVector*)Unsafe.AsPointer(ref _vectors[0]);
        for (var i = 0; i < Capacity; i++)
        {
            _vectors[i].Base = (nint)(frames + (nint)i * FrameBytes);
            _headers[i].Header.Vectors = (nint)(vectors + i);
            _headers[i].Header.VectorCount = 1;
        }
    }
}
