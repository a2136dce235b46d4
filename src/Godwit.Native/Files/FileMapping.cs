using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Godwit.Native.Files;

/// <summary>
/// A file's bytes at addresses that are handed to the kernel and never read here: where the medium fails or the file has
/// become shorter, a system call that is given such an address fails with EFAULT, while this process would die of SIGBUS.
/// <para>
/// It is mapped by windows, as many as their page tables are worth (2 MiB each where all of a window was used). What lies
/// outside of them is not found, until <see cref="Recycle"/> begins anew. For one thread at a time.
/// </para>
/// </summary>
public sealed partial class FileMapping : IDisposable
{
    private const long WindowBytes = 1L << 30;
    private const int MostWindows = 64;

    /// <summary>So many searches without success are worth mapping others.</summary>
    private const int MostMisses = 1 << 20;

    private const int PROT_READ = 1, MAP_SHARED = 1;
    private const long TMPFS_MAGIC = 0x01021994;

    private readonly SafeFileHandle _file;
    private readonly long _size;
    private readonly nint[] _windows;
    private int _mapped;
    private int _misses;

    private FileMapping(SafeFileHandle file, long size)
    {
        (_file, _size) = (file, size);
        _windows = new nint[(int)((size + WindowBytes - 1) / WindowBytes)];
    }

    /// <summary>
    /// Null where nothing can be mapped, and on a file system that lives in memory: to look at a hole there fills it.
    /// </summary>
    /// <param name="file">Open for reading; stays the caller's.</param>
    /// <param name="size">Bytes from its start that may be asked for.</param>
    public static unsafe FileMapping? TryMap(SafeFileHandle file, long size)
    {
        // struct statfs is 120 bytes on 64 bits, and begins with the type.
        var statfs = stackalloc long[32];
        if (size == 0 || fstatfs(file, statfs) != 0 || statfs[0] == TMPFS_MAGIC) return null;
        var mapping = new FileMapping(file, size);
        if (mapping.Find(0, 1) != 0) return mapping;
        mapping.Dispose();
        return null;
    }

    /// <summary>Where a range is, until <see cref="Recycle"/>; 0 when it is not to be had, and has to be read.</summary>
    public nint Find(long offset, int length)
    {
        var (window, at) = (offset / WindowBytes, offset % WindowBytes);
        if (window >= _windows.Length || at + length > WindowBytes) return 0;
        var start = _windows[window];
        if (start == 0 && (start = Map((int)window)) == 0) return 0;
        return start + (nint)at;
    }

    /// <summary>Nobody uses an address any more: windows that have fallen out of use may go.</summary>
    public void Recycle()
    {
        if (_misses < MostMisses) return;
        Unmap();
    }

    public void Dispose() => Unmap();

    private nint Map(int window)
    {
        if (_mapped == MostWindows)
        {
            _misses++;
            return 0;
        }
        var start = mmap(0, Length(window), PROT_READ, MAP_SHARED, _file, window * WindowBytes);
        if (start == -1) return 0;
        _mapped++;
        return _windows[window] = start;
    }

    private void Unmap()
    {
        for (var i = 0; i < _windows.Length; i++)
        {
            if (_windows[i] != 0) _ = munmap(_windows[i], Length(i));
            _windows[i] = 0;
        }
        (_mapped, _misses) = (0, 0);
    }

    private nuint Length(int window) => (nuint)Math.Min(WindowBytes, _size - window * WindowBytes);

    [LibraryImport("libc", SetLastError = true)]
    private static unsafe partial int fstatfs(SafeFileHandle fd, void* statfs);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint mmap(nint address, nuint length, int protection, int flags, SafeFileHandle fd, long offset);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int munmap(nint address, nuint length);
}
