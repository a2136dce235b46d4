using System.Net;
using System.Runtime.CompilerServices;
using Godwit.Api;
using Godwit.Cli.Running;
using Godwit.Domains;

namespace Godwit.Cli.Jobs;

/// <summary>
/// Follows a job to its end. It goes on without this program, so a broken line is only a reason to ask again. The first
/// Ctrl-C cancels the job and waits until it is undone; the second leaves it to that.
/// </summary>
internal static class JobFollower
{
    private static readonly TimeSpan AskAgain = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan GiveUp = TimeSpan.FromSeconds(60);

    /// <returns>How it ended, without an error in it.</returns>
    /// <exception cref="GodwitException">It failed or was cancelled, or nobody answered for a minute.</exception>
    public static async Task<JobResult> FollowAsync(Invocation call, JobInfo job)
    {
        var around = call.Around;
        using var client = call.ConnectTo(job.Host);
        var cancelling = Task.CompletedTask;
        using var onInterrupt = around.Interrupts.First.Register(() => cancelling = CancelAsync());
        JobResult? result = null;
        try
        {
            await JobView.FollowAsync(call, Noting(EventsAsync(client, job.Id, around.Time, around.Interrupts.Second))).ConfigureAwait(false);
            await cancelling.ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (around.Interrupts.Second.IsCancellationRequested)
        {
            throw new GodwitException("interrupted", $"left; {job.Subject} is being undone on {job.Host}");
        }
        return result!.Error is not { } error ? result
            : error.Code == JobResult.Cancelled && around.Interrupts.First.IsCancellationRequested ? throw new GodwitException("interrupted", error.Message)
            : throw new ApiException(error);

        async IAsyncEnumerable<JobEvent> Noting(IAsyncEnumerable<JobEvent> events)
        {
            await foreach (var e in events.ConfigureAwait(false))
            {
                result = e.Result;
                yield return e;
            }
        }

        async Task CancelAsync()
        {
            if (!call.Json) around.Error.WriteLine("godwit: cancelling; Ctrl-C again leaves without waiting");
            try
            {
                await client.CancelJobAsync(job.Id, around.Interrupts.Second).ConfigureAwait(false);
            }
            catch (ApiException e)
            {
                if (!call.Json) around.Error.WriteLine("godwit: " + e.Error.Message);
            }
        }
    }

    private static async IAsyncEnumerable<JobEvent> EventsAsync(
        GodwitClient client, Guid id, TimeProvider time, [EnumeratorCancellation] CancellationToken ct)
    {
        var heard = time.GetTimestamp();
        while (true)
        {
            var events = client.JobEventsAsync(id, ct).GetAsyncEnumerator(ct);
            await using (events.ConfigureAwait(false))
            {
                while (await NextAsync(events, ct).ConfigureAwait(false))
                {
                    heard = time.GetTimestamp();
                    yield return events.Current;
                    if (events.Current.Result is not null) yield break;
                }
            }
            if (time.GetElapsedTime(heard) > GiveUp)
                throw new GodwitException("connection-lost", $"the daemon that does it has not answered for {GiveUp.TotalSeconds} s", "it may go on; see what there is in a while");
            await Task.Delay(AskAgain, time, ct).ConfigureAwait(false);
        }
    }

    private static async Task<bool> NextAsync(IAsyncEnumerator<JobEvent> events, CancellationToken ct)
    {
        try
        {
            return await events.MoveNextAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (!ct.IsCancellationRequested
            && e is IOException or ApiException { Status: null or HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout })
        {
            return false;
        }
    }
}
