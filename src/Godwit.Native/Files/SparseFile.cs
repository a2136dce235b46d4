using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Godwit.Native.Files;

/// <summary>Files and block devices that need not keep room for zeroes.</summary>
public static partial class SparseFile
{
    private const int FALLOC_FL_KEEP_SIZE = 0x01, FALLOC_FL_PUNCH_HOLE = 0x02, FALLOC_FL_ZERO_RANGE = 0x10;
    private const int Piece = 1 << 20;
    private static readonly byte[] s_zeroes = new byte[Piece];

    /// <summary>
    /// The range reads as zeroes afterwards. It takes no room where the file system or device can do without: a hole
    /// (fallocate(2), which block devices know too), else a range marked as zero, else zeroes that are written.
    /// </summary>
    /// <exception cref="IOException">The medium failed.</exception>
    public static void Zero(SafeFileHandle file, long offset, long length)
    {
        if (length == 0 || TryAllocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, length)
            || TryAllocate(file, FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE, offset, length)) return;
        for (var end = offset + length; offset < end; offset += Piece)
            RandomAccess.Write(file, s_zeroes.AsSpan(0, (int)Math.Min(Piece, end - offset)), offset);
    }

    private static bool TryAllocate(SafeFileHandle file, int mode, long offset, long length)
    {
        while (fallocate(file, mode, offset, length) < 0)
        {
            switch (Marshal.GetLastPInvokeError())
            {
                case Errno.EINTR:
                    continue;
                case Errno.EOPNOTSUPP or Errno.ENOSYS:
                    return false;
                case var errno:
                    throw new NativeException("fallocate", errno);
            }
        }
        return true;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fallocate(SafeFileHandle fd, int mode, long offset, long length);
}
