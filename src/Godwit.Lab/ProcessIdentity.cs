using System.Diagnostics;
using System.Globalization;
using Godwit.Native.Network;

namespace Godwit.Lab;

/// <summary>
/// A process that is told apart from a later one with the same number by when it started.
/// </summary>
/// <param name="StartTime">Clock ticks after boot: field 22 of /proc/PID/stat, proc(5).</param>
internal sealed record ProcessIdentity(int Pid, long StartTime)
{
    private static readonly TimeSpan EndingTakes = TimeSpan.FromSeconds(10);

    /// <summary>The process that has this number now; null when there is none, or only its remains.</summary>
    public static ProcessIdentity? Of(int pid)
    {
        string stat;
        try
        {
            stat = File.ReadAllText($"/proc/{pid}/stat");
        }
        catch (IOException)
        {
            return null;
        }
        catch (UnauthorizedAccessException)
        {
            return null;
        }
        // The second field is the name in parentheses and may hold anything; the third, the state, follows it.
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return fields[0] is "Z" or "X" ? null : new(pid, long.Parse(fields[19], CultureInfo.InvariantCulture));
    }

    public bool IsAlive => Of(Pid) == this;

    /// <summary>Ends it by SIGKILL, and returns when it is gone.</summary>
    /// <exception cref="TimeoutException">The kernel did not end it within 10 seconds.</exception>
    public async Task KillAsync(CancellationToken ct)
    {
        if (!IsAlive) return;
        try
        {
            using var process = Process.GetProcessById(Pid);
            if (IsAlive) process.Kill();
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            return; // It ended by itself between the look and the signal.
        }
        await WaitForEndAsync(ct).ConfigureAwait(false);
    }

    public async Task WaitForEndAsync(CancellationToken ct)
    {
        var started = Stopwatch.GetTimestamp();
        while (IsAlive)
        {
            if (Stopwatch.GetElapsedTime(started) > EndingTakes)
                throw new TimeoutException($"process {Pid} did not end");
            await Task.Delay(5, ct).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// The processes that live in this network namespace and in a PID namespace that is not ours: those of a lab host,
    /// but not a shell that somebody took there with <c>ip netns exec</c>.
    /// </summary>
    public static IReadOnlyList<ProcessIdentity> InsideHost(string networkNamespacePath)
    {
        if (!File.Exists(networkNamespacePath)) return [];
        string wanted;
        using (var network = NetworkNamespace.Open(networkNamespacePath)) wanted = network.Identity;
        var ours = ReadLink("/proc/self/ns/pid");
        List<ProcessIdentity> found = [];
        foreach (var directory in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(directory), CultureInfo.InvariantCulture, out var pid)) continue;
            if (ReadLink($"{directory}/ns/net") != wanted) continue;
            if (ReadLink($"{directory}/ns/pid") is { } other && other != ours && Of(pid) is { } process)
                found.Add(process);
        }
        return found;
    }

    private static string? ReadLink(string path)
    {
        try
        {
            return new FileInfo(path).LinkTarget;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // The process ended meanwhile.
        }
    }
}
