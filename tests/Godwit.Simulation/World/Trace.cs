using Godwit.Simulation.Scheduling;

namespace Godwit.Simulation.World;

/// <summary>What happened, line by line; two runs of one seed give the same.</summary>
internal sealed class Trace(SimScheduler scheduler, bool on)
{
    private readonly List<string> _lines = [];

    public bool IsOn => on;

    public IReadOnlyList<string> Lines => _lines;

    public void Add(string who, string what)
    {
        if (on)
            _lines.Add(FormattableString.Invariant($"{scheduler.Elapsed.TotalMilliseconds,10:F3} {scheduler.Steps,6} {who,-10} {what}"));
    }
}
