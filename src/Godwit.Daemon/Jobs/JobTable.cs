using System.Collections.Immutable;
using Godwit.Api;
using Godwit.Daemon.Config;
using Godwit.Daemon.Http;
using Godwit.Domains;
using Godwit.Storage.Images;

namespace Godwit.Daemon.Jobs;

/// <summary>
/// The long work of this host. A job outlives the request that began it; when the daemon ends it is cancelled, which
/// undoes it. One that was cut short by a crash is cleared away by whoever it belongs to, at the next start.
/// </summary>
internal sealed class JobTable(DaemonConfig config, TimeProvider time, ILogger<JobTable> log) : IHostedService
{
    public const string NoSuchJob = "no-such-job";
    private const int KeptEnded = 64;
    private readonly Lock _lock = new();
    private ImmutableList<Job> _jobs = [];

    public ImmutableArray<JobInfo> List() => [.. _jobs.Select(job => job.Info)];

    /// <exception cref="GodwitException">There is none, or it ended long ago, or before this daemon began.</exception>
    public Job Find(Guid id) => _jobs.FirstOrDefault(job => job.Id == id)
        ?? throw new GodwitException(NoSuchJob, $"{config.Name} knows no job {id}.", "A daemon that was restarted has undone what it was at: ask for it anew.");

    /// <summary>Begins a job.</summary>
    /// <param name="kind">What is done.</param>
    /// <param name="subject">Name of what is made or changed.</param>
    /// <param name="work">Does it; on failure and cancellation it leaves nothing.</param>
    /// <param name="id">By what it is asked for; null draws one.</param>
    public Job Begin(string kind, string subject, Func<IProgress<StepProgress>, CancellationToken, Task<JobOutcome>> work, Guid? id = null)
    {
        var job = new Job(id ?? Guid.NewGuid(), kind, subject, config.Name, time);
        lock (_lock)
        {
            var old = _jobs.Where(known => known.Now.Result is not null).SkipLast(KeptEnded - 1).ToList();
            _jobs = _jobs.RemoveRange(old).Add(job);
        }
        Log.JobBegan(log, kind, subject, job.Id);
        job.Running = Task.Run(() => RunAsync(job, work));
        return job;
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        var jobs = _jobs;
        foreach (var job in jobs)
            await job.Cancellation.CancelAsync();
        await Task.WhenAll(jobs.Select(job => job.Running)).WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task RunAsync(Job job, Func<IProgress<StepProgress>, CancellationToken, Task<JobOutcome>> work)
    {
        try
        {
            var outcome = await work(job, job.Cancellation.Token);
            Log.JobDone(log, job.Kind, job.Subject);
            job.End(new JobResult { Products = outcome.Products, Notes = outcome.Notes });
        }
        catch (OperationCanceledException) when (job.Cancellation.IsCancellationRequested)
        {
            job.End(new JobResult { Error = new ApiError(JobResult.Cancelled, $"The {job.Kind} of {job.Subject} was cancelled; what it had done is undone.") });
        }
        catch (Exception e)
        {
            Log.JobFailed(log, job.Kind, job.Subject, e);
            job.End(new JobResult { Error = ErrorAnswers.Describe(e).Error });
        }
    }
}
