using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Godwit.Native.Files;

/// <summary>What the kernel is told of the use of a file's cached pages.</summary>
public static partial class PageCache
{
    private const int POSIX_FADV_WILLNEED = 3;

    /// <summary>Begins to read a range from the disk, and does not wait for it. It is no more than advice.</summary>
    public static void WillNeed(SafeFileHandle file, long offset, long length) => _ = posix_fadvise(file, offset, length, POSIX_FADV_WILLNEED);

    [LibraryImport("libc")]
    private static partial int posix_fadvise(SafeFileHandle fd, long offset, long length, int advice);
}
