using System.Diagnostics;
using Godwit.Aoe.Wire;
using Godwit.Native.Files;
using Microsoft.Win32.SafeHandles;

namespace Godwit.Aoe.Target;

/// <summary>
/// A file, sparse or not, or a block device. Reads are answered from its mapping where there is one: the kernel copies from
/// the page cache into the frame as it sends it, without a call for each read and without a copy in here. Measured, with 4 KiB,
/// reading and sending together: 1.97 us of CPU this way, 2.56 by pread(2), 2.60 by preadv2(2) with RWF_NOWAIT, 2.64 by io_uring,
/// 2.71 by pread(2) into a ring of frames to send (see docs/benchmarks.md).
/// <para>
/// What is not in the page cache is no work for a mapping: a fault at a time, without the kernel's eye for sequences. So once a
/// batch had to wait for the disk, the next reads are read, those of a batch all at once.
/// </para>
/// </summary>
public sealed class FileMedium : IMedium
{
    /// <summary>How many reads are read before the mapping is tried again.</summary>
    private const int ColdReads = 1024;

    /// <summary>A batch that was sent so soon has not waited for a disk, the quickest of which take as long for one read.</summary>
    private static readonly TimeSpan s_quick = TimeSpan.FromMicroseconds(20);

    private readonly SafeFileHandle _file;
    private readonly long _start;
    private readonly long? _length;
    private FileMapping? _mapping;
    private bool _lent;
    private long _lentAt;
    private int _coldReads;

    private FileMedium(SafeFileHandle file, bool readOnly, long start, long? length)
    {
        _file = file;
        _start = start;
        _length = length;
        SizeBytes = Measure();
        Trims = !readOnly && SparseFile.Punches(file);
        _mapping = FileMapping.TryMap(file, start + SizeBytes);
    }

    /// <summary>The size at the time it was opened, or of the part that is served, rounded down to whole sectors.</summary>
    public long SizeBytes { get; private set; }

    public void Grow()
    {
        var size = Measure();
        if (size < SizeBytes) throw new IOException($"{size} bytes are left of it");
        if (size == SizeBytes) return;
        SizeBytes = size;
        _mapping?.Dispose();
        _mapping = FileMapping.TryMap(_file, _start + size);
    }

    /// <exception cref="IOException">It cannot be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">No right to open it.</exception>
    /// <param name="path">The file or device.</param>
    /// <param name="readOnly">It is opened for reading only.</param>
    /// <param name="start">Where the served part begins, in bytes.</param>
    /// <param name="length">How long it is at most, in bytes; null goes on to the end.</param>
    public static FileMedium Open(string path, bool readOnly, long start = 0, long? length = null)
    {
        var file = File.OpenHandle(path, FileMode.Open, readOnly ? FileAccess.Read : FileAccess.ReadWrite,
            FileShare.ReadWrite | FileShare.Delete);
        return new FileMedium(file, readOnly, start, length);
    }

    public void Read(Span<byte> buffer, long offset)
    {
        offset += _start;
        while (buffer.Length > 0)
        {
            var read = PositionedIo.Read(_file, buffer, offset);
            if (read == 0) throw new EndOfStreamException($"the file ends at {offset}, before the size it had");
            buffer = buffer[read..];
            offset += read;
        }
    }

    public bool IsCold => _coldReads > 0;

    public nint Lend(long offset, int length)
    {
        if (_mapping is null || _coldReads > 0 && _coldReads-- > 0) return 0;
        if (!_lent) (_lent, _lentAt) = (true, Stopwatch.GetTimestamp());
        return _mapping.Find(_start + offset, length);
    }

    public void TakeBack()
    {
        if (!_lent) return;
        _lent = false;
        // The question costs a call, and a batch that took no time has waited for nothing.
        if (Stopwatch.GetElapsedTime(_lentAt) > s_quick && DiskWaits.OfThisThread()) _coldReads = ColdReads;
        _mapping?.Recycle();
    }

    public void ReadAhead(long offset, int length) => PageCache.WillNeed(_file, _start + offset, length);

    public bool Trims { get; }

    public void Write(ReadOnlySpan<byte> data, long offset) => PositionedIo.Write(_file, data, _start + offset);

    public bool TryTrim(long offset, long length) => Trims && SparseFile.TryPunch(_file, _start + offset, length);

    public void Sync() => StableStorage.Sync(_file);

    private long Measure() =>
        Math.Max(0, Math.Min(StableStorage.SizeOf(_file) - _start, _length ?? long.MaxValue)) / AoeProtocol.SectorBytes * AoeProtocol.SectorBytes;

    public void Dispose()
    {
        _mapping?.Dispose();
        _file.Dispose();
    }
}
