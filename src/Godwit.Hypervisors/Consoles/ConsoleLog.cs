using Godwit.Native.Files;

namespace Godwit.Hypervisors.Consoles;

/// <summary>
/// All that a guest wrote to its console, as a file, of which the oldest part becomes a hole, so that a talkative guest
/// fills no memory.
/// </summary>
internal sealed class ConsoleLog(string path)
{
    private const long Scrollback = 1 << 20;
    private long _punched;

    /// <summary>From the beginning of the scrollback on.</summary>
    public FileStream Open()
    {
        var log = new FileStream(path, FileMode.OpenOrCreate, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        log.Position = Math.Max(0, log.Length - Scrollback);
        return log;
    }

    /// <summary>Where nobody else writes it.</summary>
    public FileStream OpenToAppend() => new(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);

    /// <summary>To be called now and then, after more was written.</summary>
    public void Trim()
    {
        using var log = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
        var end = RandomAccess.GetLength(log) - 2 * Scrollback;
        if (end - _punched < Scrollback) return;
        _punched = end;
        try
        {
            SparseFile.TryPunch(log, 0, end);
        }
        catch (IOException)
        {
            // It takes more room than it need.
        }
    }
}
