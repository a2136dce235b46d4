using System.IO.MemoryMappedFiles;

namespace Godwit.Aoe.Initiator;

/// <summary>
/// What the successor of an initiator that was killed must know: whether there were answered writes that the target had
/// not flushed, and on which start of the target's machine. A small file in memory, which outlives the process and not
/// the host.
/// <code>
///   0            1                       17
///   +------------+-----------------------+
///   | unflushed  | id of the machine     |
///   +------------+-----------------------+
/// </code>
/// </summary>
public sealed class AttachMemory : IDisposable
{
    private const int MachineAt = 1, GuidBytes = 16, Bytes = MachineAt + GuidBytes;
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;

    private AttachMemory(MemoryMappedFile file)
    {
        _file = file;
        _view = file.CreateViewAccessor(0, Bytes);
    }

    /// <exception cref="IOException">It cannot be opened.</exception>
    public static AttachMemory Open(string path) => new(MemoryMappedFile.CreateFromFile(path, FileMode.OpenOrCreate, null, Bytes));

    /// <summary>A store to memory: it costs a write nothing.</summary>
    public bool Unflushed
    {
        get => _view.ReadByte(0) != 0;
        set => _view.Write(0, value ? (byte)1 : (byte)0);
    }

    public Guid MachineId
    {
        get
        {
            var bytes = new byte[GuidBytes];
            _view.ReadArray(MachineAt, bytes, 0, GuidBytes);
            return new Guid(bytes);
        }
        set => _view.WriteArray(MachineAt, value.ToByteArray(), 0, GuidBytes);
    }

    public void Dispose()
    {
        _view.Dispose();
        _file.Dispose();
    }
}
