namespace Godwit.Simulation.Scheduling;

/// <summary>
/// One program of the simulation. When it is killed, whatever of it was still to run never runs: no clean-up, no
/// <c>finally</c>, as by SIGKILL. When it is frozen, as by SIGSTOP or a machine that swaps, all of it waits.
/// </summary>
internal sealed class SimContext(SimScheduler scheduler, string name) : SynchronizationContext
{
    private readonly Queue<(SendOrPostCallback Callback, object? State)> _held = [];

    public bool Dead { get; private set; }

    public bool Frozen { get; private set; }

    public void Kill() => Dead = true;

    public void Freeze() => Frozen = true;

    public void Thaw()
    {
        Frozen = false;
        while (_held.TryDequeue(out var item))
            Post(item.Callback, item.State);
    }

    /// <summary>Keeps a step for the thaw.</summary>
    public void Hold(SendOrPostCallback callback, object? state) => _held.Enqueue((callback, state));

    public override void Post(SendOrPostCallback d, object? state)
    {
        if (!Dead)
            scheduler.Post(this, d, state);
    }

    public override void Send(SendOrPostCallback d, object? state) =>
        throw new NotSupportedException("Nothing in a simulation blocks.");

    public override SynchronizationContext CreateCopy() => this;

    public override string ToString() => name;
}
