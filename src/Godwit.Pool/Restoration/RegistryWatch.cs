using Godwit.Domains;

namespace Godwit.Pool.Restoration;

/// <summary>
/// Looks after the registry from time to time, though this host may want nothing of it: one that was restored waits for
/// the word of every host.
/// </summary>
/// <param name="registry">It.</param>
/// <param name="report">Makes this host's report.</param>
/// <param name="time">The clock.</param>
public sealed class RegistryWatch(IRegistry registry, Func<CancellationToken, Task<HostReport>> report, TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(3);

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
                await registry.ProbeAsync(cancellationToken);
                isDue = false;
            }
            catch (GodwitException e)
            {
                // Away: nothing is to be done. Behind: it is told what is known here, again and again, until it serves.
                isDue |= e.Code == RegistryErrors.Behind;
            }
            await Task.Delay(Interval, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        }
    }
}
