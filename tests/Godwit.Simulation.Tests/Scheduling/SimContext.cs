namespace Godwit.Simulation.Tests.Scheduling;

/// <summary>
/// One program of the simulation. When it is killed, whatever of it was still to run never runs: no clean-up, no
/// <c>finally</c>, as by SIGKILL.
/// </summary>
internal sealed class SimContext(SimScheduler scheduler, string name) : SynchronizationContext
{
    public bool Dead { get; private set; }

    public void Kill() => Dead = true;

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
