using Godwit.Domains;

namespace Godwit.Hypervisors.Fake;

/// <summary>
/// The engine processes of one host. They outlive the daemon: a new <see cref="FakeHypervisor"/> on the same engine
/// finds them again. Everything in it is driven by timers and calls, one at a time, as in a simulation.
/// </summary>
public sealed class FakeEngine(TimeProvider time, FakeEngineOptions options, FakeDiskWrite write)
{
    private readonly List<FakeProcess> _processes = [];
    private readonly HashSet<FakePoint> _failing = [];
    private readonly HashSet<FakePoint> _silent = [];
    private int _launched;

    public FakeEngineOptions Options => options;

    public IReadOnlyList<FakeProcess> Processes => _processes;

    /// <summary>Called for every event of a process, in order.</summary>
    public Action<FakeProcess, CopyEvent>? Observer { get; set; }

    /// <summary>
    /// Completes what a stopped copy has in flight and flushes its disks, as an engine does before it says that it has
    /// sent all; false while a disk does not answer. Null: there is nothing to flush.
    /// </summary>
    public Func<CopyOrder, bool>? Flush { get; set; }

    internal TimeProvider Time => time;

    /// <summary>The next time the engine comes to this point, it fails.</summary>
    public void FailNext(FakePoint point) => _failing.Add(point);

    /// <summary>The next time the engine comes to this point, the driver's own limit passes, of which no caller's token knows.</summary>
    public void TimeOutNext(FakePoint point) => _silent.Add(point);

    public void ForgetFailures() => _failing.Clear();

    /// <summary>
    /// The daemon died: its descriptors are closed, its connections end, and the processes go on.
    /// </summary>
    public void LoseDaemon()
    {
        foreach (var process in _processes.ToArray())
            process.LoseDaemon();
    }

    internal bool TakeFailure(FakePoint point) => _failing.Remove(point);

    internal void ThrowIfFailing(FakePoint point)
    {
        if (TakeFailure(point))
            throw new GodwitException("engine-failed", $"the fake engine was told to fail at {point}");
        if (_silent.Remove(point))
            throw new OperationCanceledException($"the fake engine was told to be silent at {point}");
    }

    internal FakeProcess Launch(CopyOrder order, CopyPhase phase)
    {
        var process = new FakeProcess(this, order, phase, ++_launched, write);
        _processes.Add(process);
        return process;
    }

    internal void Remove(FakeProcess process) => _processes.Remove(process);
}
