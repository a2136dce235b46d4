using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Godwit.Native.Files;

/// <summary>What the kernel is told of the use of a file's cached pages.</summary>
public static partial class PageCache
{
    private const int POSIX_FADV_WILLNEED = 3;

    // include/uapi/linux/fs.h: _IO(0x12, 97).
    private const nuint BLKFLSBUF = 0x1261;

    /// <summary>Begins to read a range from the disk, and does not wait for it. It is no more than advice.</summary>
    public static void WillNeed(SafeFileHandle file, long offset, long length) => _ = posix_fadvise(file, offset, length, POSIX_FADV_WILLNEED);

    /// <summary>
    /// Writes back and forgets what is cached of a block device, so that the next look at it sees what is there now. Files have no
    /// cache that another host could make stale: for them it does nothing.
    /// </summary>
    /// <exception cref="NativeException">The device failed, or the caller is not root.</exception>
    public static void Drop(SafeFileHandle device)
    {
        if (ioctl(device, BLKFLSBUF, 0) < 0 && Marshal.GetLastPInvokeError() != Errno.ENOTTY) throw NativeException.Last("ioctl BLKFLSBUF");
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ioctl(SafeFileHandle fd, nuint request, nuint argument);

    [LibraryImport("libc")]
    private static partial int posix_fadvise(SafeFileHandle fd, long offset, long length, int advice);
}
