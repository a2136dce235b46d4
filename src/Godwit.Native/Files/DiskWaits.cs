using System.Runtime.InteropServices;

namespace Godwit.Native.Files;

/// <summary>Whether memory that is a file's had to be fetched from the disk (getrusage(2), major faults).</summary>
public static partial class DiskWaits
{
    private const int RUSAGE_THREAD = 1, MajorFaults = 9, Longs = 18;

    [ThreadStatic]
    private static long s_faults;

    /// <summary>Whether the calling thread, or a system call of its, has waited since it asked last.</summary>
    public static unsafe bool OfThisThread()
    {
        var usage = stackalloc long[Longs];
        if (getrusage(RUSAGE_THREAD, usage) != 0 || usage[MajorFaults] == s_faults) return false;
        s_faults = usage[MajorFaults];
        return true;
    }

    [LibraryImport("libc")]
    private static unsafe partial int getrusage(int who, long* usage);
}
