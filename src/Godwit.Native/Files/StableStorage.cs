using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Godwit.Native.Files;

/// <summary>What it takes that data outlives a power loss.</summary>
public static partial class StableStorage
{
    // include/uapi/linux/fs.h: _IOR(0x12, 114, size_t), on 64 bits.
    private const nuint BLKGETSIZE64 = 0x80081272;

    /// <summary>
    /// fdatasync(2): all data written to the file is on stable storage when it returns. After a failure the kernel may
    /// have dropped the data and report success the next time, so a caller must not try again and believe it.
    /// </summary>
    /// <exception cref="NativeException">The medium failed.</exception>
    public static void Sync(SafeFileHandle file) => SystemCall.Run("fdatasync", file, fdatasync);

    /// <summary>
    /// Replaces a file's content in one step: after a crash it is the old one or the new one, whole. Written beside
    /// it, synced, renamed over it, and the directory synced.
    /// </summary>
    /// <exception cref="IOException">It could not be made durable. The old content or the new one stands.</exception>
    public static void Replace(string path, ReadOnlySpan<byte> content)
    {
        var directory = Path.GetDirectoryName(Path.GetFullPath(path))!;
        var beside = path + ".new";
        using (var file = File.OpenHandle(beside, FileMode.Create, FileAccess.Write))
        {
            RandomAccess.Write(file, content, 0);
            SystemCall.Run("fsync " + beside, file, fsync);
        }
        File.Move(beside, path, overwrite: true);
        SyncDirectory(directory);
    }

    /// <summary>Makes created, renamed and removed names of a directory durable.</summary>
    /// <exception cref="NativeException">The medium failed.</exception>
    public static void SyncDirectory(string directory)
    {
        const int O_RDONLY = 0, O_CLOEXEC = 0x80000;
        using var handle = new SafeFileHandle(
            SystemCall.Run("open " + directory, directory, d => open(d, O_RDONLY | O_CLOEXEC)), ownsHandle: true);
        SystemCall.Run("fsync " + directory, handle, fsync);
    }

    /// <summary>Size in bytes of a file or block device.</summary>
    /// <exception cref="NotSupportedException">It is neither.</exception>
    public static long SizeOf(SafeFileHandle file)
    {
        // Asked of the descriptor, as a name may be a link: a regular file refuses this ioctl with ENOTTY.
        ulong size = 0;
        return ioctl(file, BLKGETSIZE64, ref size) == 0 ? checked((long)size) : RandomAccess.GetLength(file);
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fdatasync(SafeFileHandle fd);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fsync(SafeFileHandle fd);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ioctl(SafeFileHandle fd, nuint request, ref ulong value);
}
