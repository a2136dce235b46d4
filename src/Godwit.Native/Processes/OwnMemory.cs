using System.Globalization;
using System.Runtime.InteropServices;

namespace Godwit.Native.Processes;

/// <summary>
/// Memory of this process that the kernel counts as its own though it has no use for it: pages of its program and libraries
/// that were needed once, at the start, and those that came with them, for the kernel maps 64 KiB around each that is touched.
/// </summary>
public static partial class OwnMemory
{
    private const int MADV_DONTNEED = 4;

    /// <summary>malloc.h of glibc.</summary>
    private const int M_ARENA_MAX = -8;

    /// <summary>
    /// Lets go of all pages of files that are mapped to be read only. Those that are needed are mapped again when they are
    /// touched, from the kernel's cache. Nothing is lost: what was changed since it was read (relocations that were made
    /// read-only afterwards) is not a page of the file any more, and a mapping that has such pages is left alone.
    /// </summary>
    public static void ReleaseFilePages()
    {
        foreach (var (start, end) in FindCleanMappings(File.ReadAllText("/proc/self/smaps")))
        {
            // It only fails where there is no such mapping any more.
            _ = madvise((nint)start, (nuint)(end - start), MADV_DONTNEED);
        }
    }

    /// <summary>
    /// Has native code take its memory from so many places at most, where glibc would make eight for each processor, and keep
    /// a little in each. For the start of a program, before it has threads.
    /// </summary>
    public static void LimitArenas(int count) => _ = mallopt(M_ARENA_MAX, count);

    /// <summary>Gives back what native code has freed.</summary>
    public static void TrimHeap() => _ = malloc_trim(0);

    /// <summary>Private mappings of files that cannot be written to and hold nothing but the file's own pages.</summary>
    /// <param name="smaps">
    /// proc_pid_smaps(5):
    /// <code>
    ///   557dfe5d4000-557dff255000 r-xp 00033000 fe:00 1234   /usr/bin/godwitd
    ///   Rss:                9784 kB
    ///   Anonymous:             0 kB
    /// </code>
    /// </param>
    public static IReadOnlyList<(ulong Start, ulong End)> FindCleanMappings(string smaps)
    {
        var found = new List<(ulong, ulong)>();
        (ulong, ulong)? candidate = null;
        foreach (var line in smaps.Split('\n'))
        {
            var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words is [var range, { Length: 4 } rights, _, _, _, ..] && range.Split('-') is [var start, var end])
            {
                candidate = rights[1] == '-' && rights[3] == 'p' && words is [_, _, _, _, _, ['/', ..], ..]
                    ? (ulong.Parse(start, NumberStyles.HexNumber, CultureInfo.InvariantCulture), ulong.Parse(end, NumberStyles.HexNumber, CultureInfo.InvariantCulture))
                    : null;
            }
            else if (words is ["Anonymous:", "0", _] && candidate is { } clean)
            {
                found.Add(clean);
            }
        }
        return found;
    }

    [LibraryImport("libc")]
    private static partial int mallopt(int parameter, int value);

    [LibraryImport("libc")]
    private static partial int malloc_trim(nuint keep);

    [LibraryImport("libc")]
    private static partial int madvise(nint address, nuint length, int advice);
}
