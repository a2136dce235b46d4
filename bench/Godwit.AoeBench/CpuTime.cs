using System.Globalization;

namespace Godwit.AoeBench;

/// <summary>CPU time as the scheduler counts it, to the nanosecond: the ticks of /proc/PID/stat are too coarse.</summary>
internal static class CpuTime
{
    /// <summary>Of all threads of a process, in nanoseconds.</summary>
    public static long OfProcess(int processId) => Directory.GetDirectories($"/proc/{processId.ToString(CultureInfo.InvariantCulture)}/task").Sum(Of);

    /// <summary>Of the calling thread, in nanoseconds.</summary>
    public static long OfThread() => Of("/proc/thread-self");

    private static long Of(string task)
    {
        try
        {
            return long.Parse(File.ReadAllText(task + "/schedstat").Split(' ')[0], CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            // The thread has ended.
            return 0;
        }
    }
}
