using System.Globalization;
using System.Runtime.InteropServices;

namespace Godwit.Native.Processes;

/// <summary>
/// A process of this machine, told from a later one of the same number by the time of its start. It need not be a
/// child of ours.
/// </summary>
/// <param name="Id">Its number.</param>
/// <param name="StartTicks">Its start as /proc/PID/stat gives it: clock ticks since the boot.</param>
public readonly partial record struct RunningProcess(int Id, long StartTicks)
{
    // proc_pid_stat(5), counted from the field after the command's closing parenthesis, which is number 3.
    private const int StateField = 0, UserTimeField = 11, SystemTimeField = 12, ThreadsField = 17, StartTimeField = 19;
    private const int TicksPerSecond = 100; // USER_HZ, the same on all architectures that Linux has today.
    private const int WNOHANG = 1, SIGKILL = 9;
    private static readonly TimeSpan s_endLimit = TimeSpan.FromSeconds(1), s_lookAgain = TimeSpan.FromMilliseconds(1);

    /// <summary>The process of a number; null when there is none.</summary>
    public static RunningProcess? TryOpen(int id) =>
        ReadStat(id) is { } fields ? new(id, long.Parse(fields[StartTimeField], CultureInfo.InvariantCulture)) : null;

    /// <summary>Whether it has ended. An ended child of ours is collected here, so that no zombie stays.</summary>
    public bool HasExited()
    {
        var collected = waitpid(Id, out _, WNOHANG);
        if (collected >= 0) return collected == Id;
        // Not our child, or collected before. A first thread that has ended while others go on looks like a zombie too.
        return ReadStat(Id) is not { } fields
            || (fields[StateField] is ("Z" or "X") && fields[ThreadsField] is ("0" or "1"))
            || long.Parse(fields[StartTimeField], CultureInfo.InvariantCulture) != StartTicks;
    }

    /// <summary>Processor time of all its threads so far; zero when it has ended.</summary>
    public TimeSpan CpuTime
    {
        get
        {
            if (ReadStat(Id) is not { } fields) return TimeSpan.Zero;
            var ticks = long.Parse(fields[UserTimeField], CultureInfo.InvariantCulture)
                + long.Parse(fields[SystemTimeField], CultureInfo.InvariantCulture);
            return TimeSpan.FromSeconds((double)ticks / TicksPerSecond);
        }
    }

    /// <summary>Ends it at once; harmless when it has ended already.</summary>
    public void Kill()
    {
        // The look at the start time keeps a number that was given to somebody else from being hit; between the
        // look and the signal a number is not given out again, short of a whole turn of all numbers.
        if (!HasExited()) _ = kill(Id, SIGKILL);
    }

    /// <summary>
    /// Ends it at once and sees it gone, so that of a child of ours no zombie stays; not for ever, for the kernel may hold on to one.
    /// </summary>
    public async Task EndAsync()
    {
        Kill();
        await EndsAsync(s_endLimit, TimeProvider.System, CancellationToken.None).ConfigureAwait(false);
    }

    /// <summary>Waits for it to end by itself; false when it still runs after the limit.</summary>
    public async Task<bool> EndsAsync(TimeSpan limit, TimeProvider time, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        while (!HasExited())
        {
            if (time.GetElapsedTime(began) > limit) return false;
            await Task.Delay(s_lookAgain, time, cancellationToken).ConfigureAwait(false);
        }
        return true;
    }

    private static string[]? ReadStat(int id)
    {
        try
        {
            var text = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{id}/stat"));
            // The command may hold blanks and parentheses itself.
            return text[(text.LastIndexOf(')') + 2)..].Split(' ');
        }
        catch (IOException)
        {
            return null; // It has ended: ENOENT on opening, ESRCH on reading.
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int waitpid(int pid, out int status, int options);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int kill(int pid, int signal);
}
