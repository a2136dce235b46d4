using Godwit.Aoe.Wire;
using Godwit.Native.Files;
using Microsoft.Win32.SafeHandles;

namespace Godwit.Aoe.Target;

/// <summary>A file, sparse or not, or a block device.</summary>
public sealed class FileMedium : IMedium
{
    private readonly SafeFileHandle _file;
    private readonly long _start;

    private FileMedium(SafeFileHandle file, long start, long size)
    {
        _file = file;
        _start = start;
        SizeBytes = size;
    }

    /// <summary>The size at the time it was opened, or of the part that is served, rounded down to whole sectors.</summary>
    public long SizeBytes { get; }

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
        var size = Math.Max(0, Math.Min(StableStorage.SizeOf(file) - start, length ?? long.MaxValue));
        return new FileMedium(file, start, size / AoeProtocol.SectorBytes * AoeProtocol.SectorBytes);
    }

    public void Read(Span<byte> buffer, long offset)
    {
        offset += _start;
        while (buffer.Length > 0)
        {
            var read = RandomAccess.Read(_file, buffer, offset);
            if (read == 0) throw new EndOfStreamException($"the file ends at {offset}, before the size it had");
            buffer = buffer[read..];
            offset += read;
        }
    }

    public void Write(ReadOnlySpan<byte> data, long offset) => RandomAccess.Write(_file, data, _start + offset);

    public void Zero(long offset, long length) => SparseFile.Zero(_file, _start + offset, length);

    public void Sync() => StableStorage.Sync(_file);

    public void Dispose() => _file.Dispose();
}
