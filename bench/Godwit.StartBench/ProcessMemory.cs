using System.Globalization;

namespace Godwit.StartBench;

/// <summary>Memory of a process, from proc_pid_smaps_rollup(5).</summary>
/// <param name="ResidentMB">All its pages that are in memory, those that it shares with others in full; in millions of bytes, as all here.</param>
/// <param name="ProportionalMB">The same, of what is shared its part only.</param>
/// <param name="AnonymousMB">Pages that are no file's: they are its alone.</param>
internal sealed record ProcessMemory(double ResidentMB, double ProportionalMB, double AnonymousMB)
{
    private const int Looks = 31;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    /// <summary>The most that each of some processes takes within a minute, in which they do what they do from time to time.</summary>
    public static async Task<IReadOnlyDictionary<string, ProcessMemory>> MostOfAsync(IReadOnlyDictionary<string, int> pids)
    {
        var most = new Dictionary<string, ProcessMemory>();
        for (var look = 0; look < Looks; look++)
        {
            if (look > 0) await Task.Delay(Pause);
            foreach (var (name, pid) in pids)
            {
                var now = Of(pid);
                if (!most.TryGetValue(name, out var before) || now.ResidentMB > before.ResidentMB) most[name] = now;
            }
        }
        return most;
    }

    private static ProcessMemory Of(int pid)
    {
        var lines = File.ReadAllLines($"/proc/{pid}/smaps_rollup");
        return new ProcessMemory(Find("Rss:"), Find("Pss:"), Find("Pss_Anon:"));

        double Find(string word) => int.Parse(
            lines.Single(line => line.StartsWith(word, StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1],
            CultureInfo.InvariantCulture) * 1024 / 1e6;
    }
}
