using System.Diagnostics;

namespace Godwit.Lab.Demo;

/// <summary>Counts the copies of a domain on all hosts of a lab by their processes, whatever anybody says of them.</summary>
internal sealed class DemoCopies(Lab lab, string domain)
{
    private static readonly TimeSpan SourceEndTakes = TimeSpan.FromSeconds(5);

    /// <summary>Most copies that were found, or 0 when there was ever none.</summary>
    public int Worst { get; private set; } = 1;

    /// <summary>
    /// Looks after a migration. The source has a moment to end its copy, which cannot run any more, once it is told.
    /// </summary>
    public async Task CheckAsync(CancellationToken ct)
    {
        var began = Stopwatch.GetTimestamp();
        int found;
        while ((found = Count()) != 1 && Stopwatch.GetElapsedTime(began) < SourceEndTakes)
            await Task.Delay(50, ct).ConfigureAwait(false);
        Worst = found == 0 || Worst == 0 ? 0 : Math.Max(Worst, found);
    }

    private int Count() => lab.Spec.Hosts.SelectMany(h => lab.Processes(h.Name)).Count(IsCopy);

    private bool IsCopy(LabProcess process) =>
        process.Program.StartsWith("qemu-system-", StringComparison.Ordinal)
        && process.Arguments.Any(a => a.Contains(domain, StringComparison.Ordinal));
}
