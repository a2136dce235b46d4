using System.Diagnostics;

namespace Godwit.Simulation.Scheduling;

/// <summary>
/// Runs everything of a simulation on one thread: what is ready in the order in which it became so, and, when nothing
/// is, the next timer, to whose time the clock jumps. Nothing else decides an order, so a seed decides all.
/// </summary>
internal sealed class SimScheduler
{
    private const long MostSteps = 1_000_000;
    private readonly int _thread = Environment.CurrentManagedThreadId;
    private readonly Queue<(SimContext Context, SendOrPostCallback Callback, object? State)> _ready = [];
    private readonly PriorityQueue<SimTimer, (long Due, long Order)> _timers = new();
    private long _order;

    public SimScheduler()
    {
        Root = new SimContext(this, "world");
        Time = new SimTime(this);
    }

    /// <summary>What belongs to no daemon: storage, engines, the network, the history itself.</summary>
    public SimContext Root { get; }

    public SimTime Time { get; }

    /// <summary>Ticks of 100 ns since the beginning.</summary>
    public long Now { get; private set; }

    public TimeSpan Elapsed => TimeSpan.FromTicks(Now);

    public long Steps { get; private set; }

    /// <summary>Called after every step.</summary>
    public Action? Observer { get; set; }

    public void Post(SimContext context, SendOrPostCallback callback, object? state)
    {
        // A hop to the thread pool would make the order depend on the machine: whatever does it must not be used.
        if (Environment.CurrentManagedThreadId != _thread)
            throw new UnreachableException("something left the scheduler's thread");
        _ready.Enqueue((context, callback, state));
    }

    public void Schedule(SimTimer timer, long due) => _timers.Enqueue(timer, (due, _order++));

    /// <summary>Runs until <paramref name="task"/> has ended; throws what it threw.</summary>
    public T Run<T>(Func<Task<T>> work)
    {
        var before = SynchronizationContext.Current;
        try
        {
            var task = Start(Root, work);
            while (!task.IsCompleted)
            {
                if (!Step())
                    throw new SimulationException("nothing is left to run, and the history has not ended");
            }
            return task.GetAwaiter().GetResult();
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(before);
        }
    }

    /// <summary>Begins work in a context; it goes on whenever the context is scheduled.</summary>
    public static T Start<T>(SimContext context, Func<T> work)
    {
        var before = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(context);
        try
        {
            return work();
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(before);
        }
    }

    private bool Step()
    {
        if (_ready.TryDequeue(out var item))
        {
            if (item.Context.Dead)
                return true;
            if (item.Context.Frozen)
            {
                item.Context.Hold(item.Callback, item.State);
                return true;
            }
            SynchronizationContext.SetSynchronizationContext(item.Context);
            item.Callback(item.State);
        }
        else
        {
            if (!TryTakeTimer(out var timer))
                return false;
            SynchronizationContext.SetSynchronizationContext(Root);
            timer.Fire();
        }
        if (++Steps > MostSteps)
            throw new SimulationException($"the history has not ended after {MostSteps} steps: something goes round and round");
        Observer?.Invoke();
        return true;
    }

    private bool TryTakeTimer(out SimTimer timer)
    {
        while (_timers.TryDequeue(out timer!, out var key))
        {
            // Changed or disposed since: the entry of its new time, if any, stands elsewhere in the queue.
            if (!timer.IsDueAt(key.Due))
                continue;
            Now = Math.Max(Now, key.Due);
            return true;
        }
        return false;
    }
}

/// <summary>An invariant does not hold, or a history cannot end.</summary>
internal sealed class SimulationException(string message) : Exception(message);
