using Godwit.Domains;

namespace Godwit.Pool.Restoration;

/// <summary>
/// Looks after the registry from time to time, though this host may want nothing of it: one that was restored waits for
/// the word of every host, and one that does not know of its restoration is known by its revision.
/// </summary>
/// <param name="registry">It.</param>
/// <param name="witness">What this host has seen of it.</param>
/// <param name="report">Makes this host's report.</param>
/// <param name="time">The clock.</param>
public sealed class RegistryWatch(IRegistry registry, Witness witness, Func<CancellationToken, Task<HostReport>> report, TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan AskAgain = TimeSpan.FromMilliseconds(500);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        // At the start in any case: what this host knows may be more than what the registry knows that it lacks.
        var isDue = true;
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                if (isDue)
                    await registry.ReportAsync(await report(cancellationToken), cancellationToken);
                // Before the answer: what is written meanwhile is not to look lost.
                var seen = witness.HighestRevision;
                isDue = await registry.ProbeAsync(cancellationToken) < seen;
            }
            catch (GodwitException e)
            {
                // Away: when it comes back, it may be another. Behind: it is told what is known here, until it serves.
                isDue |= e.Code is RegistryErrors.Behind or RegistryErrors.Unavailable;
            }
            await Task.Delay(isDue ? AskAgain : Interval, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        }
    }
}
