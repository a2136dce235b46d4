using Godwit.Simulation.Tests.Scheduling;

namespace Godwit.Simulation.Tests.World;

/// <summary>What happened, line by line; two runs of one seed give the same.</summary>
internal sealed class Trace(SimScheduler scheduler)
{
    private readonly List<string> _lines = [];

    public IReadOnlyList<string> Lines => _lines;

    public void Add(string who, string what) =>
        _lines.Add(FormattableString.Invariant($"{scheduler.Elapsed.TotalMilliseconds,10:F3} {scheduler.Steps,6} {who,-10} {what}"));

    public override string ToString() => string.Join('\n', _lines);
}
