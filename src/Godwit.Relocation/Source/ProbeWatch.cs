namespace Godwit.Relocation.Source;

/// <summary>
/// Asks registry and disks again and again while pre-copy runs, so that at the moment of the stop it is known, without
/// a wait, whether they answered just now.
/// </summary>
internal sealed class ProbeWatch(ISourceSite site, TimeProvider time)
{
    /// <summary>
    /// How long an answer counts as "just now". A host under load answers late now and then, and the guest stands already when this is
    /// asked: there is no time for another question, and a refusal throws away all that was sent.
    /// </summary>
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(5);

    /// <summary>Short beside that: an answer may take long. Not less, for each costs time of the processor that the pages need.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(0.5);

    private long? _answered;

    public bool AnsweredJustNow => _answered is { } at && time.GetElapsedTime(at) < Fresh;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            // The answer counts from when it was asked for: what is slow is not "now".
            var asked = time.GetTimestamp();
            using var limit = new CancellationTokenSource(Fresh, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
            try
            {
                await Task.WhenAll(site.Registry.ProbeAsync(either.Token), site.ProbeDisksAsync(either.Token));
                _answered = asked;
            }
            catch (Exception) when (!cancellationToken.IsCancellationRequested)
            {
                // Not an error of the relocation yet: what counts is the age of the last answer at the stop.
            }
            await Task.Delay(Interval, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        }
    }
}
