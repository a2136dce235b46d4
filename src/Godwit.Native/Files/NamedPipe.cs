using System.Runtime.InteropServices;

namespace Godwit.Native.Files;

/// <summary>FIFOs (fifo(7)): pipes that have a name, by which a later process finds them again.</summary>
public static partial class NamedPipe
{
    private const uint OwnerAlone = 0x180; // 0600

    /// <exception cref="NativeException">The name is taken, or its directory is not there.</exception>
    public static void Make(string path)
    {
        if (mkfifo(path, OwnerAlone) < 0) throw NativeException.Last($"make the pipe '{path}'");
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int mkfifo(string path, uint mode);
}
