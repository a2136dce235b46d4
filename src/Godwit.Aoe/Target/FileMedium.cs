using Godwit.Aoe.Wire;
using Godwit.Native.Files;
using Microsoft.Win32.SafeHandles;

namespace Godwit.Aoe.Target;

/// <summary>A file, sparse or not, or a block device.</summary>
public sealed class FileMedium : IMedium
{
    private readonly SafeFileHandle _file;

    private FileMedium(SafeFileHandle file, long size)
    {
        _file = file;
        SizeBytes = size;
    }

    /// <summary>The size at the time it was opened, rounded down to whole sectors.</summary>
    public long SizeBytes { get; }

    /// <exception cref="IOException">It cannot be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">No right to open it.</exception>
    public static FileMedium Open(string path, bool readOnly)
    {
        var file = File.OpenHandle(path, FileMode.Open, readOnly ? FileAccess.Read : FileAccess.ReadWrite,
            FileShare.ReadWrite | FileShare.Delete);
        return new FileMedium(file, StableStorage.SizeOf(file) / AoeProtocol.SectorBytes * AoeProtocol.SectorBytes);
    }

    public void Read(Span<byte> buffer, long offset)
    {
        while (buffer.Length > 0)
        {
            var read = RandomAccess.Read(_file, buffer, offset);
            if (read == 0) throw new EndOfStreamException($"the file ends at {offset}, before the size it had");
            buffer = buffer[read..];
            offset += read;
        }
    }

    public void Write(ReadOnlySpan<byte> data, long offset) => RandomAccess.Write(_file, data, offset);

    public void Sync() => StableStorage.Sync(_file);

    public void Dispose() => _file.Dispose();
}
