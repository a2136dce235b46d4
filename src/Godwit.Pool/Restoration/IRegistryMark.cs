using System.Globalization;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Godwit.Pool.Restoration;

/// <summary>
/// The revision that the registry has come to, kept beside its database and not in it: a database that was put in its
/// place from an older copy is behind its mark.
/// </summary>
public interface IRegistryMark
{
    /// <summary>Null: there is none, or it cannot be read.</summary>
    long? Read();

    /// <summary>
    /// Not synced: it is there to notice a restored database, not a power loss, and must not make a change of a record
    /// slower. One that a power loss has thrown back says too little, and the hosts' reports say the rest.
    /// </summary>
    void Write(long revision);
}

/// <summary>The mark as a file with one number.</summary>
public sealed class FileRegistryMark : IRegistryMark, IDisposable
{
    private const int Length = 20;
    private readonly SafeFileHandle _file;

    public FileRegistryMark(string path) => _file = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);

    public long? Read()
    {
        Span<byte> text = stackalloc byte[Length];
        var read = RandomAccess.Read(_file, text, 0);
        return read == Length && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var revision) ? revision : null;
    }

    public void Write(long revision) =>
        RandomAccess.Write(_file, Encoding.ASCII.GetBytes(revision.ToString("D20", CultureInfo.InvariantCulture)), 0);

    public void Dispose() => _file.Dispose();
}
