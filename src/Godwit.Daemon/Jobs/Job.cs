using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Godwit.Api;
using Godwit.Storage.Images;

namespace Godwit.Daemon.Jobs;

/// <summary>What a job has made, and what its user should know.</summary>
internal sealed record JobOutcome(ImmutableArray<string> Products, ImmutableArray<string> Notes);

/// <summary>One piece of long work: how far it is, for as many as want to know.</summary>
internal sealed class Job(Guid id, string kind, string subject, string host, TimeProvider time) : IProgress<StepProgress>
{
    /// <summary>Before it, an expectation would say little.</summary>
    private const double LeastShare = 0.02;

    private readonly long _began = time.GetTimestamp();
    private readonly Lock _lock = new();
    private JobEvent _now = new() { Step = "beginning", Share = 0 };
    private TaskCompletionSource _changed = NewChange();

    public Guid Id => id;

    public string Kind => kind;

    public string Subject => subject;

    /// <summary>Asks it to end and undo what it did.</summary>
    public CancellationTokenSource Cancellation { get; } = new();

    /// <summary>The work itself; never fails.</summary>
    public Task Running { get; set; } = Task.CompletedTask;

    public JobEvent Now
    {
        get
        {
            lock (_lock)
                return _now;
        }
    }

    public JobInfo Info => new()
    {
        Id = id,
        Kind = kind,
        Subject = subject,
        Host = host,
        AgeSeconds = time.GetElapsedTime(_began).TotalSeconds,
        Now = Now,
    };

    public void Report(StepProgress value)
    {
        lock (_lock)
        {
            if (_now.Result is not null)
                return;
            var share = Math.Clamp(Math.Max(value.Share, _now.Share), 0, 1);
            double? left = share < LeastShare ? null : time.GetElapsedTime(_began).TotalSeconds * (1 - share) / share;
            Change(new JobEvent { Step = value.Step, Share = share, ExpectedSeconds = left });
        }
    }

    public void End(JobResult result)
    {
        lock (_lock)
            Change(_now with { Share = result.Error is null ? 1 : _now.Share, ExpectedSeconds = null, Result = result });
    }

    /// <summary>How it stands, and how it stands after each change; what changes faster than it is read is left out.</summary>
    public async IAsyncEnumerable<JobEvent> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (true)
        {
            JobEvent now;
            Task change;
            lock (_lock)
                (now, change) = (_now, _changed.Task);
            yield return now;
            if (now.Result is not null)
                yield break;
            await change.WaitAsync(cancellationToken);
        }
    }

    private void Change(JobEvent now)
    {
        _now = now;
        var before = _changed;
        _changed = NewChange();
        before.SetResult();
    }

    private static TaskCompletionSource NewChange() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
