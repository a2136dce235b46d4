using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Godwit.Native.Files;

/// <summary>Files and block devices that need not keep room for zeroes.</summary>
public static partial class SparseFile
{
    private const int FALLOC_FL_KEEP_SIZE = 0x01, FALLOC_FL_PUNCH_HOLE = 0x02;
    private const int SEEK_DATA = 3;

    // include/uapi/linux/fs.h: _IOW(0x94, 9, int).
    private const nuint FICLONE = 0x40049409;
    private const int AT_EMPTY_PATH = 0x1000, STATX_TYPE = 1, S_IFMT = 0xF000, S_IFBLK = 0x6000;

    /// <summary>Whether <see cref="TryPunch"/> works there. Nothing changes by the question.</summary>
    /// <param name="file">A file or block device that is open for writing.</param>
    public static bool Punches(SafeFileHandle file)
    {
        if (BlockDevice(file) is { } numbers) return WritesZeroes("/sys/dev/block/" + numbers);
        // Behind the end there is nothing to make a hole of.
        const long beyond = 1 << 20;
        try
        {
            return TryPunch(file, (RandomAccess.GetLength(file) + beyond) / beyond * beyond, beyond);
        }
        catch (Exception e) when (e is IOException or NotSupportedException)
        {
            return false;
        }
    }

    /// <summary>The range reads as zeroes afterwards and takes no room (fallocate(2), which block devices know too).</summary>
    /// <returns>
    /// False where the file system or device cannot do that, or not with such a range. A device for which <see cref="Punches"/> is
    /// false is not to be asked: the kernel forgets what is not written there yet, and refuses then.
    /// </returns>
    /// <exception cref="NativeException">The medium failed; what the range holds is not known.</exception>
    public static bool TryPunch(SafeFileHandle file, long offset, long length)
    {
        while (fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, length) < 0)
        {
            switch (Marshal.GetLastPInvokeError())
            {
                case Errno.EINTR:
                    continue;
                case Errno.EOPNOTSUPP or Errno.ENOSYS or Errno.EINVAL:
                    return false;
                case var errno:
                    throw new NativeException("fallocate", errno);
            }
        }
        return true;
    }

    /// <summary>
    /// Makes a file of what another holds, which takes no time and no room where the file system shares blocks (FICLONE,
    /// ioctl_ficlone(2)): all of it as it is at one moment.
    /// </summary>
    /// <param name="from">Open for reading.</param>
    /// <param name="to">Open for writing; what it has beyond the other's end stays.</param>
    /// <returns>False where the file system does not share blocks.</returns>
    /// <exception cref="NativeException">It failed for another reason.</exception>
    public static bool TryShare(SafeFileHandle from, SafeFileHandle to)
    {
        var shared = ioctl(to, FICLONE, from.DangerousGetHandle().ToInt32()) == 0;
        GC.KeepAlive(from);
        if (shared) return true;
        return Marshal.GetLastPInvokeError() switch
        {
            Errno.EOPNOTSUPP or Errno.ENOTTY or Errno.EINVAL or Errno.EXDEV => false,
            var errno => throw new NativeException("ioctl FICLONE", errno),
        };
    }

    /// <summary>Where the next data of a file is (lseek(2), SEEK_DATA): holes before it need not be read.</summary>
    /// <param name="file">A file; a block device has data everywhere.</param>
    /// <param name="offset">Where to begin.</param>
    /// <param name="end">Given back when there is no data before it.</param>
    /// <exception cref="NativeException">The medium failed.</exception>
    public static long NextData(SafeFileHandle file, long offset, long end)
    {
        var found = lseek(file, offset, SEEK_DATA);
        if (found >= 0) return Math.Min(found, end);
        return Marshal.GetLastPInvokeError() switch
        {
            Errno.ENXIO => end,
            Errno.EINVAL => offset,
            var errno => throw new NativeException("lseek", errno),
        };
    }

    // "MAJOR:MINOR"; null of what is no block device. struct statx is the same on all machines: type at 28, numbers at 128 and 132.
    private static unsafe string? BlockDevice(SafeFileHandle file)
    {
        var found = stackalloc byte[256];
        if (statx(file, "", AT_EMPTY_PATH, STATX_TYPE, found) != 0) return null;
        var fields = new ReadOnlySpan<byte>(found, 256);
        if ((MemoryMarshal.Read<ushort>(fields[28..]) & S_IFMT) != S_IFBLK) return null;
        return string.Create(CultureInfo.InvariantCulture, $"{MemoryMarshal.Read<uint>(fields[128..])}:{MemoryMarshal.Read<uint>(fields[132..])}");
    }

    // A partition has its disk's queue.
    private static bool WritesZeroes(string device)
    {
        foreach (var queue in (string[])[device + "/queue", device + "/../queue"])
        {
            try
            {
                return long.Parse(File.ReadAllText(queue + "/write_zeroes_max_bytes"), CultureInfo.InvariantCulture) > 0;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException)
            {
                continue;
            }
        }
        return false;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fallocate(SafeFileHandle fd, int mode, long offset, long length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ioctl(SafeFileHandle fd, nuint request, int argument);

    [LibraryImport("libc", SetLastError = true)]
    private static partial long lseek(SafeFileHandle fd, long offset, int whence);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int statx(SafeFileHandle fd, string path, int flags, uint mask, byte* found);
}
