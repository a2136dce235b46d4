using System.Globalization;

namespace Godwit.StartBench;

/// <summary>Memory of a process, from proc_pid_smaps_rollup(5).</summary>
/// <param name="ResidentMiB">All its pages that are in memory, those that it shares with others in full.</param>
/// <param name="ProportionalMiB">The same, of what is shared its part only.</param>
/// <param name="AnonymousMiB">Pages that are no file's: they are its alone.</param>
internal sealed record ProcessMemory(double ResidentMiB, double ProportionalMiB, double AnonymousMiB)
{
    public static ProcessMemory Of(int pid)
    {
        var lines = File.ReadAllLines($"/proc/{pid}/smaps_rollup");
        return new ProcessMemory(Find("Rss:"), Find("Pss:"), Find("Pss_Anon:"));

        double Find(string word) => int.Parse(
            lines.Single(line => line.StartsWith(word, StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1],
            CultureInfo.InvariantCulture) / 1024.0;
    }
}
