using System.Runtime.InteropServices;

namespace Godwit.Native.Packets;

/// <summary>
/// Room for a number of frames that cross to or from the kernel in one call. The memory is pinned for good, so that
/// the structures recvmmsg(2) and sendmmsg(2) want are filled in once. Not safe for several threads.
/// <para>
/// A frame that is to be sent may end with memory that lies elsewhere (<see cref="Lend"/>), which the kernel reads when it is sent.
/// </para>
/// </summary>
public sealed class PacketBatch
{
    /// <summary>Before each frame is room for what a socket tells the kernel of it. By whole cache lines, as between frames.</summary>
    private const int LeadBytes = 64;

    private readonly byte[] _frames;
    private readonly nint _address;
    private readonly IoVector[] _vectors;
    private readonly MMsgHdr[] _headers;
    private readonly int[] _lengths;
    private readonly int[] _lent;
    private readonly nint[] _elsewhere;
    private readonly List<int> _unreadable = [];
    private readonly bool _keepsTruncated;
    private nint _lentAt;
    private int _lentBytes;

    /// <param name="capacity">Frames that fit.</param>
    /// <param name="frameBytes">Longest frame, with its Ethernet header.</param>
    /// <param name="keepsTruncated">Of longer frames the beginning is received; else they are left out.</param>
    public PacketBatch(int capacity, int frameBytes, bool keepsTruncated = false)
    {
        Capacity = capacity;
        _keepsTruncated = keepsTruncated;
        FrameBytes = (frameBytes + 63) & ~63;
        _frames = GC.AllocateArray<byte>(capacity * (LeadBytes + FrameBytes), pinned: true);
        _address = Marshal.UnsafeAddrOfPinnedArrayElement(_frames, 0);
        _vectors = GC.AllocateArray<IoVector>(2 * capacity, pinned: true);
        _headers = GC.AllocateArray<MMsgHdr>(capacity, pinned: true);
        _lengths = new int[capacity];
        _lent = new int[capacity];
        _elsewhere = new nint[capacity];
        Link();
    }

    public int Capacity { get; }

    /// <summary>Room for one frame, in bytes.</summary>
    public int FrameBytes { get; }

    /// <summary>Frames that are in the batch.</summary>
    public int Count { get; private set; }

    public bool IsFull => Count == Capacity;

    /// <summary>A frame, without what it lends.</summary>
    public unsafe ReadOnlySpan<byte> this[int index] => index < Count
        ? _elsewhere[index] == 0
            ? _frames.AsSpan(At(index), _lengths[index] - _lent[index])
            : new ReadOnlySpan<byte>((void*)_elsewhere[index], _lengths[index])
        : throw new ArgumentOutOfRangeException(nameof(index));

    /// <summary>The frame at an index, to change it before it is sent.</summary>
    public Span<byte> Edit(int index) => _frames.AsSpan(At(index), this[index].Length);

    /// <summary>Room for the next frame, with what it held before; it counts once <see cref="Add(int)"/> gives its length.</summary>
    public Span<byte> Next => _frames.AsSpan(At(Count), FrameBytes);

    /// <summary>Takes the frame that was written to <see cref="Next"/>.</summary>
    public void Add(int length)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, FrameBytes);
        _lengths[Count] = length + _lentBytes;
        _lent[Count] = _lentBytes;
        _elsewhere[Count] = 0;
        ref var tail = ref _vectors[2 * Count + 1];
        (tail.Base, tail.Length) = (_lentAt, (nuint)_lentBytes);
        (_lentAt, _lentBytes) = (0, 0);
        Count++;
    }

    /// <summary>
    /// The next frame ends with memory that lies elsewhere, and stays there until the batch is cleared. This process does not
    /// read it: where the kernel cannot either, the frame is not sent, and is among <see cref="Unreadable"/> then.
    /// </summary>
    public void Lend(nint address, int bytes) => (_lentAt, _lentBytes) = (address, bytes);

    /// <summary>Frames that were not sent, because what they lend could not be read.</summary>
    public IReadOnlyList<int> Unreadable => _unreadable;

    /// <summary>A frame with what it lends, which has to be readable: for wires that are memory themselves.</summary>
    public unsafe byte[] Copy(int index) => [.. this[index], .. new ReadOnlySpan<byte>((void*)_vectors[2 * index + 1].Base, _lent[index])];

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
            if (_lengths[i] >= bytes) continue;
            _frames.AsSpan(At(i))[_lengths[i]..bytes].Clear();
            _lengths[i] = bytes;
        }
    }

    public void Clear()
    {
        Count = 0;
        _unreadable.Clear();
    }

    internal Span<MMsgHdr> PrepareReceive()
    {
        for (var i = 0; i < Capacity; i++)
        {
            (_vectors[2 * i].Base, _vectors[2 * i].Length) = (_address + At(i), (nuint)FrameBytes);
            _headers[i].Header.VectorCount = 1;
        }
        return _headers;
    }

    /// <param name="headBytes">See <see cref="PacketSocketOptions.HeadBytes"/>.</param>
    internal Span<MMsgHdr> PrepareSend(int headBytes)
    {
        var lead = headBytes == 0 ? 0 : VirtioHeader.Bytes;
        for (var i = 0; i < Count; i++)
        {
            var (at, own) = (At(i) - lead, _lengths[i] - _lent[i]);
            if (lead > 0) VirtioHeader.Write(_frames.AsSpan(at, lead), Math.Min(headBytes, own));
            (_vectors[2 * i].Base, _vectors[2 * i].Length) = (_address + at, (nuint)(lead + own));
            _headers[i].Header.VectorCount = _lent[i] == 0 ? 1u : 2u;
        }
        return _headers.AsSpan(0, Count);
    }

    /// <returns>False when it lends nothing: then the fault is not there.</returns>
    internal bool NoteUnreadable(int index)
    {
        if (_lent[index] == 0) return false;
        _unreadable.Add(index);
        return true;
    }

    /// <summary>Takes a frame that was received and stays where it is until the next is asked for.</summary>
    internal void Refer(nint address, int length)
    {
        _lengths[Count] = length;
        _elsewhere[Count++] = address;
    }

    /// <summary>Takes what a receive filled in, without frames that did not fit into their room unless they are wanted.</summary>
    /// <returns>Frames that were left out.</returns>
    internal int Received(int count)
    {
        const int MSG_TRUNC = 0x20;
        Count = 0;
        for (var i = 0; i < count; i++)
        {
            ref var header = ref _headers[i];
            if ((header.Header.Flags & MSG_TRUNC) != 0 && !_keepsTruncated) continue;
            if (i != Count) _frames.AsSpan(At(i), (int)header.Length).CopyTo(Next);
            Add((int)header.Length);
        }
        return count - Count;
    }

    private int At(int index) => index * (LeadBytes + FrameBytes) + LeadBytes;

    private void Link()
    {
        for (var i = 0; i < Capacity; i++) _headers[i].Header.Vectors = Marshal.UnsafeAddrOfPinnedArrayElement(_vectors, 2 * i);
    }
}
