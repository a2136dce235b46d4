namespace Godwit.Faults;

/// <summary>
/// QEMU's emulator may miss a guest's write to memory when its thread has to wait in the middle of it while a round of
/// pre-copy begins (docs/benchmarks.md has the figures of bare QEMU). The guest's kernel then fails soon after the move,
/// which no part of Godwit can see or help. Such a cell says nothing and is run again, a few times, for a fault that broke
/// the guest's memory would do so each time; how often is in the report.
/// </summary>
internal sealed class GuestLoss(string line) : Exception($"the guest's kernel failed: {line}")
{
    /// <summary>A cell in which the guest is lost so often falls short.</summary>
    public const int MostRuns = 3;

    private static readonly string[] Signs = ["BUG:", "Oops", "general protection", "Kernel panic", "RIP: ", "stack-protector", "rcu: INFO", "Unable to handle", "segfault at"];

    /// <summary>Looks for a failed kernel on the consoles of all copies.</summary>
    public static GuestLoss? Find(FaultLab lab)
    {
        foreach (var host in FaultLab.Computes)
        {
            var directory = Path.Combine(lab.Lab.Paths.Host(host, "run"), "qemu");
            if (!Directory.Exists(directory))
                continue;
            foreach (var console in Directory.EnumerateFiles(directory, "console.log", SearchOption.AllDirectories))
            {
                if (File.ReadLines(console).FirstOrDefault(line => Signs.Any(sign => line.Contains(sign, StringComparison.Ordinal))) is { } said)
                    return new GuestLoss(said.Trim());
            }
        }
        return null;
    }
}
