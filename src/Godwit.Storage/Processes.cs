using Godwit.Native.Processes;

namespace Godwit.Storage;

/// <summary>Ends helper processes that this host started, now or before a restart of its daemon.</summary>
internal static class Processes
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(5);

    /// <summary>Waits for a process to end; false when it still runs after the limit.</summary>
    public static async Task<bool> EndsAsync(RunningProcess process, TimeSpan limit, TimeProvider time, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        while (!process.HasExited())
        {
            if (time.GetElapsedTime(began) > limit)
                return false;
            await Task.Delay(LookAgain, time, cancellationToken);
        }
        return true;
    }
}
