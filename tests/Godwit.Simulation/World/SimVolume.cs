using Godwit.Aoe.Target;
using Godwit.Hypervisors.Fake;

namespace Godwit.Simulation.World;

/// <summary>
/// A volume of a simulated storage host: the target's own rules of sessions and fence, a queue of writes that have been let
/// in, and a cache that a power loss empties. Fence and sessions are on stable storage.
/// </summary>
internal sealed class SimVolume(string name, SimWorld world)
{
    private readonly List<QueuedWrite> _queue = [];
    private readonly List<FakeMemory> _content = [];
    private readonly List<FakeMemory> _acknowledged = [];
    private FenceState _fence = FenceState.New(0);
    private int _stable;

    public string Name => name;

    public long Epoch => _fence.Epoch;

    /// <summary>Its medium answers every write with an error.</summary>
    public bool Fails { get; set; }

    /// <summary>Which start of the target this is: its boot id.</summary>
    public int Boot { get; private set; } = 1;

    public string? WriterHost => _fence.Writer?.Host;

    public int Admit(string host)
    {
        (_fence, var session) = FenceRules.Admit(_fence, host, []);
        return session;
    }

    public void Release(string host, int session) => _fence = FenceRules.Release(_fence, host, session);

    public bool MayWrite(string host, int session) => _fence.Writer?.Is(host, session) == true;

    /// <summary>A superseded session is refused its reads as well; a reader's is not.</summary>
    public bool Knows(string host, int session) => MayWrite(host, session) || _fence.Readers.Any(reader => reader.Is(host, session));

    public long Fence(string host, long epoch, int session)
    {
        var fence = world.Options.ChecksEpoch ? _fence : _fence with { Epoch = epoch - 1 };
        (fence, var answer) = FenceRules.Fence(fence, host, epoch, session);
        if (world.Options.Drains)
            Drain();
        _fence = fence;
        return answer.PreviousEpoch;
    }

    /// <summary>A write that has been let in and is carried out a little later.</summary>
    public void Enqueue(SimAttachment from, FakeMemory write, TimeSpan after)
    {
        var queued = new QueuedWrite(from, write);
        _queue.Add(queued);
        world.After(after, () =>
        {
            if (_queue.Remove(queued))
                Execute(from, write);
        });
    }

    public bool IsQueued(FakeMemory write) => _queue.Any(queued => queued.Write == write);

    /// <summary>Carries out all that has been let in.</summary>
    public void Drain()
    {
        foreach (var (from, write) in _queue.ToArray())
            Execute(from, write);
        _queue.Clear();
    }

    public void Execute(SimAttachment from, FakeMemory write)
    {
        world.CheckWrite(write);
        _content.Add(write);
        _acknowledged.Add(write);
        from.Unflushed.Add(write);
    }

    /// <summary>A write that the target had answered before it was restarted, and has lost.</summary>
    public void Replay(FakeMemory write) => _content.Add(write);

    public void Flush()
    {
        Drain();
        _stable = _content.Count;
        if (_content.Count != _acknowledged.Count)
            world.Fail($"a flush of {name} succeeded, and {_acknowledged.Count - _content.Count} acknowledged writes are not on it");
    }

    /// <summary>The storage host loses its power and comes back: what was not flushed is gone.</summary>
    public void LosePower()
    {
        _queue.Clear();
        _content.RemoveRange(_stable, _content.Count - _stable);
        Boot++;
    }

    /// <summary>A guest boots: what its predecessor had not flushed is nobody's loss, and what it had is as it is.</summary>
    public void GuestBoots()
    {
        _content.Clear();
        _acknowledged.Clear();
        _stable = 0;
    }

    /// <summary>Nothing that was flushed has gone since.</summary>
    public string? Check() => _content.Count < _stable ? $"{_stable - _content.Count} flushed writes are gone from {name}" : null;

    private sealed record QueuedWrite(SimAttachment From, FakeMemory Write);
}
