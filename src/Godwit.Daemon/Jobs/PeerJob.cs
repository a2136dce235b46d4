using Godwit.Api;
using Godwit.Daemon.Queries;
using Godwit.Domains;
using Godwit.Storage.Images;

namespace Godwit.Daemon.Jobs;

/// <summary>Waits for a job of another host.</summary>
internal static class PeerJob
{
    private static readonly TimeSpan AskAgain = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan GiveUp = TimeSpan.FromSeconds(60);

    /// <summary>The job's end; a line that breaks is only a reason to ask again.</summary>
    /// <exception cref="GodwitException">It failed, its host has forgotten it, or does not answer for a minute.</exception>
    public static async Task<JobResult> FollowAsync(
        GodwitClient client, string host, Guid id, IProgress<StepProgress> progress, TimeProvider time, CancellationToken cancellationToken)
    {
        var heard = time.GetTimestamp();
        while (true)
        {
            try
            {
                await foreach (var now in client.JobEventsAsync(id, cancellationToken))
                {
                    heard = time.GetTimestamp();
                    progress.Report(new StepProgress(now.Step, now.Share));
                    if (now.Result is { Error: { } error })
                        throw new GodwitException(error.Code, error.Message, error.Remedy);
                    if (now.Result is { } result)
                        return result;
                }
            }
            catch (Exception e) when (PeerFailure.IsLine(e, cancellationToken) && time.GetElapsedTime(heard) < GiveUp)
            {
                // Asked again below.
            }
            if (time.GetElapsedTime(heard) >= GiveUp)
                throw new GodwitException(ApiException.HostUnreachable, $"{host} has not answered for {GiveUp.TotalSeconds} s.", $"See that {host} and its godwitd run.");
            await Task.Delay(AskAgain, time, cancellationToken);
        }
    }
}
