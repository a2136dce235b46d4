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
    /// Gives back what this process does not need now: of its own heaps, if asked for, and all pages of files that are mapped to be
    /// read only. Those that are needed are mapped again when they are touched, from the kernel's cache. Nothing is lost: what was
    /// changed since it was read (relocations that were made read-only afterwards) is not a page of the file any more, and a
    /// mapping that has such pages is left alone.
    /// </summary>
    /// <param name="collect">Collects garbage too; all threads wait meanwhile, for some 10 ms where little is alive.</param>
    public static void GiveBack(bool collect)
    {
        if (collect)
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            _ = malloc_trim(0);
        }
        // Last, for the collection touches such pages; and at once, for the place of a mapping that ends may be given to another.
        Release(FindCleanMappings(File.ReadLines("/proc/self/smaps")));
    }

    /// <summary>
    /// From now on gives back this program's own pages after each collection too, but not all the time: a collection walks the
    /// stacks, and reads for that some 3 MiB of how they are unwound.
    /// </summary>
    /// <param name="isIdle">Whether they may go now: whoever is in a hurry would have to wait until they are mapped again.</param>
    public static void GiveBackAfterCollections(Func<bool> isIdle) => _ = new AfterCollection(
        // These mappings stay where they are for as long as the process lives.
        FindCleanMappings(File.ReadLines("/proc/self/smaps"), Environment.ProcessPath), isIdle);

    private static void Release(IReadOnlyList<(ulong Start, ulong End)> mappings)
    {
        foreach (var (start, end) in mappings)
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

    /// <summary>Private mappings of files that cannot be written to and hold nothing but the file's own pages.</summary>
    /// <param name="smaps">
    /// proc_pid_smaps(5):
    /// <code>
    ///   557dfe5d4000-557dff255000 r-xp 00033000 fe:00 1234   /usr/bin/godwitd
    ///   Rss:                9784 kB
    ///   Anonymous:             0 kB
    /// </code>
    /// </param>
    /// <param name="file">Of this file only; null for all.</param>
    public static IReadOnlyList<(ulong Start, ulong End)> FindCleanMappings(IEnumerable<string> smaps, string? file = null)
    {
        var found = new List<(ulong, ulong)>();
        (ulong, ulong)? candidate = null;
        foreach (var line in smaps)
        {
            // Of some thousand lines few are looked at more closely: this is to leave little behind.
            if (char.IsAsciiHexDigitLower(line[0]))
            {
                var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                candidate = words is [var range, [_, '-', _, 'p'], _, _, _, ['/', ..], ..] && range.Split('-') is [var start, var end]
                    && (file is null || line.EndsWith(" " + file, StringComparison.Ordinal))
                    ? (ulong.Parse(start, NumberStyles.HexNumber, CultureInfo.InvariantCulture), ulong.Parse(end, NumberStyles.HexNumber, CultureInfo.InvariantCulture))
                    : null;
            }
            else if (candidate is { } clean && line.StartsWith("Anonymous: ", StringComparison.Ordinal) && line.EndsWith(" 0 kB", StringComparison.Ordinal))
            {
                found.Add(clean);
            }
        }
        return found;
    }

    /// <summary>Garbage from its first moment, so that the next collection has it finalized; it leaves another one.</summary>
    private sealed class AfterCollection(IReadOnlyList<(ulong Start, ulong End)> mappings, Func<bool> isIdle)
    {
        private const long LeastPauseMs = 2000;
        private static long s_last;

        ~AfterCollection()
        {
            // Where many follow each other, what they read is in use.
            if (Environment.TickCount64 - s_last > LeastPauseMs && isIdle())
            {
                s_last = Environment.TickCount64;
                Release(mappings);
            }
            if (!Environment.HasShutdownStarted)
                _ = new AfterCollection(mappings, isIdle);
        }
    }

    [LibraryImport("libc")]
    private static partial int mallopt(int parameter, int value);

    [LibraryImport("libc")]
    private static partial int malloc_trim(nuint keep);

    [LibraryImport("libc")]
    private static partial int madvise(nint address, nuint length, int advice);
}
