using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Pipe = System.Threading.Channels.Channel;

namespace Godwit.Relocation;

/// <summary>A relocation as those outside of it see it: where it stands, how it goes on, how it ended.</summary>
public sealed class RelocationTicket(Guid id, string domain, string from, string to, TimeProvider time)
{
    private const int KeptEvents = 4096;
    private readonly long _beganAt = time.GetTimestamp();
    private readonly Lock _lock = new();
    private readonly List<Channel<RelocationProgress>> _watchers = [];
    private readonly TaskCompletionSource<RelocationResult> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ImmutableQueue<RelocationProgress> _events = [];
    private int _kept;
    private bool _cancelled;
    private Action? _cancel;

    public Guid Id => id;

    public string Domain => domain;

    public string From => from;

    public string To => to;

    public DateTimeOffset Began { get; } = time.GetUtcNow();

    /// <summary>Since it began, whatever the wall clock was set to meanwhile.</summary>
    public TimeSpan Age => time.GetElapsedTime(_beganAt);

    /// <summary>Step of the protocol's table it is in.</summary>
    public RelocationStep Step { get; private set; } = RelocationStep.Check;

    /// <summary>What its user should know, whatever becomes of it.</summary>
    public ImmutableArray<string> Notes { get; private set; } = [];

    public RelocationResult? Result => _ended.Task.IsCompletedSuccessfully ? _ended.Task.Result : null;

    public Task<RelocationResult> Ended => _ended.Task;

    /// <summary>
    /// Asks it to end with the domain where it was. That is safe at any moment, for the source alone decides before it hands
    /// over; after that it is too late, and <see cref="Ended"/> tells how it went.
    /// </summary>
    /// <returns>False: it comes too late.</returns>
    public bool Cancel()
    {
        Action? cancel;
        lock (_lock)
        {
            if (Step >= RelocationStep.HandOver || _ended.Task.IsCompleted)
                return false;
            _cancelled = true;
            cancel = _cancel;
        }
        cancel?.Invoke();
        return true;
    }

    /// <summary>Has <paramref name="cancel"/> called when it is cancelled, or at once when it was already.</summary>
    internal void OnCancel(Action cancel)
    {
        bool cancelled;
        lock (_lock)
        {
            _cancel = cancel;
            cancelled = _cancelled;
        }
        if (cancelled)
            cancel();
    }

    /// <summary>All events so far, then those to come; ends with the one that has the result.</summary>
    public async IAsyncEnumerable<RelocationProgress> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var channel = Pipe.CreateBounded<RelocationProgress>(
            new BoundedChannelOptions(KeptEvents) { FullMode = BoundedChannelFullMode.DropOldest });
        lock (_lock)
        {
            foreach (var e in _events)
                channel.Writer.TryWrite(e);
            if (_ended.Task.IsCompleted)
                channel.Writer.Complete();
            else
                _watchers.Add(channel);
        }
        try
        {
            while (await channel.Reader.WaitToReadAsync(cancellationToken))
            {
                while (channel.Reader.TryRead(out var e))
                    yield return e;
            }
        }
        finally
        {
            lock (_lock)
                _watchers.Remove(channel);
        }
    }

    internal void Report(RelocationProgress progress)
    {
        lock (_lock)
        {
            Step = progress.Step;
            if (progress.Note is { } note && !Notes.Contains(note))
                Notes = Notes.Add(note);
            _events = _events.Enqueue(progress);
            if (++_kept > KeptEvents)
            {
                _events = _events.Dequeue();
                _kept--;
            }
            foreach (var watcher in _watchers)
                watcher.Writer.TryWrite(progress);
        }
    }

    internal void End(RelocationProgress last, RelocationResult result)
    {
        Report(last with { Result = result });
        lock (_lock)
        {
            foreach (var watcher in _watchers)
                watcher.Writer.Complete();
            _watchers.Clear();
            _ended.SetResult(result);
        }
    }
}

/// <summary>The ten steps of the design's table.</summary>
public enum RelocationStep
{
    Check = 1,
    Begin,
    Prepare,
    PreCopy,
    Stop,
    HandOver,
    Commit,
    Fence,
    Resume,
    Confirm,
}

/// <summary>One report of progress.</summary>
public sealed record RelocationProgress(DateTimeOffset At, RelocationStep Step)
{
    public int Round { get; init; }

    public long SentBytes { get; init; }

    public long RemainingBytes { get; init; }

    public long TotalBytes { get; init; }

    public long DirtyBytesPerSecond { get; init; }

    public long BytesPerSecond { get; init; }

    public TimeSpan? Expected { get; init; }

    public string? Note { get; init; }

    public RelocationResult? Result { get; init; }
}

/// <summary>How a relocation ended.</summary>
public sealed record RelocationResult
{
    public required RelocationEnding Ending { get; init; }

    /// <summary>Who or what was at fault; null when it completed.</summary>
    public RelocationSide? FaultSide { get; init; }

    /// <summary>The step in which it failed; null when it completed.</summary>
    public RelocationStep? FaultStep { get; init; }

    /// <summary>What became of the domain.</summary>
    public required DomainFate Fate { get; init; }

    /// <summary>For a person: the side and step at fault, and what became of the domain.</summary>
    public required string Message { get; init; }

    public string? Remedy { get; init; }

    public TimeSpan Total { get; init; }

    /// <summary>STOP on the source to RESUME on the destination.</summary>
    public TimeSpan Downtime { get; init; }

    public DowntimeBreakdown? Parts { get; init; }

    public int Rounds { get; init; }

    public long Bytes { get; init; }

    public bool Succeeded => Ending == RelocationEnding.Completed;
}

/// <summary>The named parts of the downtime; each is the difference of two time stamps of its own.</summary>
public sealed record DowntimeBreakdown(
    TimeSpan Stop, TimeSpan LastRound, TimeSpan DeviceState, TimeSpan Commit, TimeSpan Fence, TimeSpan Resume);
