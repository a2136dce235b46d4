using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Godwit.Native.Files;

/// <summary>
/// pread(2) and pwrite(2), for which every error of the medium's is one kind of exception. Those of <see cref="RandomAccess"/> are of
/// several, that say something else: a device that became read-only (EPERM) is no caller without rights.
/// </summary>
public static unsafe partial class PositionedIo
{
    /// <returns>Bytes that were read; 0 at the end of the file.</returns>
    /// <exception cref="NativeException">The medium failed.</exception>
    public static int Read(SafeFileHandle file, Span<byte> buffer, long offset)
    {
        fixed (byte* first = buffer)
            return SystemCall.Run("pread", new Range(file, first, buffer.Length, offset), static r => (int)pread(r.File, r.First, r.Length, r.Offset));
    }

    /// <summary>Writes all of it.</summary>
    /// <exception cref="NativeException">The medium failed; what of the range was written is not known.</exception>
    public static void Write(SafeFileHandle file, ReadOnlySpan<byte> data, long offset)
    {
        fixed (byte* first = data)
        {
            for (var done = 0; done < data.Length;)
            {
                var written = SystemCall.Run("pwrite", new Range(file, first + done, data.Length - done, offset + done),
                    static r => (int)pwrite(r.File, r.First, r.Length, r.Offset));
                if (written == 0) throw new NativeException("pwrite", Errno.ENOSPC);
                done += written;
            }
        }
    }

    private readonly struct Range(SafeFileHandle file, byte* first, nint length, long offset)
    {
        public readonly SafeFileHandle File = file;
        public readonly byte* First = first;
        public readonly nint Length = length;
        public readonly long Offset = offset;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint pread(SafeFileHandle fd, void* buffer, nint length, long offset);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint pwrite(SafeFileHandle fd, void* data, nint length, long offset);
}
