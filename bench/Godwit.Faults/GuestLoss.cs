using System.Diagnostics;
using Godwit.Aoe.Control;

namespace Godwit.Faults;

/// <summary>
/// QEMU's emulator may miss a guest's write to memory when its thread has to wait in the middle of it while a round of
/// pre-copy begins (docs/benchmarks.md has the figures of bare QEMU). The guest's kernel then fails soon after the move,
/// which no part of Godwit can see or help: most often it says so, sometimes it spins or sleeps for ever. Such a cell says
/// nothing and is run again, a few times, for a fault that broke the guest's memory would do so each time; how often is in
/// the report.
/// </summary>
internal sealed class GuestLoss(string what) : Exception(what)
{
    /// <summary>A cell in which the guest is lost so often falls short.</summary>
    public const int MostRuns = 3;

    private static readonly TimeSpan Looked = TimeSpan.FromSeconds(5);

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
                    return new GuestLoss($"the guest's kernel failed: {said.Trim()}");
            }
        }
        return null;
    }

    /// <summary>
    /// Whether a guest that says nothing any more has only itself to wait for: its pool has settled, its disk is reached,
    /// and nothing that it asked of it is open. Anything else is for the cell to answer for.
    /// </summary>
    public static async Task<GuestLoss?> FindSilentAsync(FaultLab lab, CancellationToken ct)
    {
        var owner = (await new Settling(lab).WaitAsync(Looked, ct)).Host;
        var began = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(began) < Looked)
        {
            if (lab.AoeTools(owner, "attach") is not [var attach])
                return null;
            var client = Evidence.ControlOf(attach);
            await client.FlushAsync(ct);
            if (await client.StatusAsync(ct) is not { State: AttachState.Up, InFlight: 0, Lost: null })
                return null;
            await Task.Delay(100, ct);
        }
        return new GuestLoss("the guest says nothing, though its pool is settled and its disk answers and owes it nothing");
    }
}
