using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics;
using Godwit.Relocation;
using Godwit.Simulation.World;

namespace Godwit.Simulation.Histories;

/// <summary>Many histories, side by side on all processors, and what they came to.</summary>
internal sealed class Survey
{
    /// <summary>So many histories reach all that there is; fewer may miss what is rare.</summary>
    public const int Whole = 20_000;

    private readonly ConcurrentDictionary<(RelocationStep, Fault), int> _pairs = new();
    private readonly ConcurrentDictionary<RelocationEnding, int> _endings = new();
    private readonly ConcurrentDictionary<string, int> _states = new();
    private readonly ConcurrentDictionary<string, int> _transitions = new();
    private readonly ConcurrentBag<Outcome> _failures = [];
    private long _faults;
    private long _steps;
    private readonly Lock _lock = new();

    private Survey()
    {
    }

    public int Histories { get; private set; }

    public TimeSpan Took { get; private set; }

    public long Faults => _faults;

    /// <summary>Faults in the history that had fewest.</summary>
    public int FewestFaults { get; private set; } = int.MaxValue;

    public IReadOnlyList<Outcome> Failures => [.. _failures.OrderBy(failure => failure.Plan.Seed)];

    public IReadOnlyDictionary<(RelocationStep, Fault), int> Pairs => _pairs;

    public IReadOnlyDictionary<RelocationEnding, int> Endings => _endings;

    public IReadOnlyDictionary<string, int> States => _states;

    public IReadOnlyDictionary<string, int> Transitions => _transitions;

    /// <summary>Ends, states, transitions, and pairs of step and fault that no history came to.</summary>
    public IReadOnlyList<string> Unreached =>
    [
        .. Coverage.Endings.Except(_endings.Keys).Select(ending => $"end {ending}"),
        .. Coverage.States.Except(_states.Keys).Select(state => $"state {state}"),
        .. Coverage.Transitions.Except(_transitions.Keys).Select(transition => $"transition {transition}"),
        .. Plan.Pairs.Except(_pairs.Keys).Select(pair => $"fault {pair.Item2} at {pair.Item1}"),
    ];

    public double PerSecond => Histories / Took.TotalSeconds;

    /// <summary>Runs seeds <paramref name="first"/> and up. Each history has a thread to itself for its time.</summary>
    /// <param name="first">First seed.</param>
    /// <param name="count">How many.</param>
    /// <param name="options">The safeguards.</param>
    /// <param name="progress">Told how many are done.</param>
    public static Survey Run(int first, int count, SimOptions options, Action<int>? progress = null)
    {
        var survey = new Survey();
        var began = Stopwatch.GetTimestamp();
        var next = first - 1;
        var done = 0;
        var threads = Enumerable.Range(0, Environment.ProcessorCount).Select(_ => new Thread(Work)).ToImmutableArray();
        foreach (var thread in threads)
            thread.Start();
        foreach (var thread in threads)
            thread.Join();
        survey.Histories = done;
        survey.Took = Stopwatch.GetElapsedTime(began);
        return survey;

        void Work()
        {
            while (Interlocked.Increment(ref next) is var seed && seed < first + count)
            {
                survey.Add(History.Run(Plan.Of(seed), options));
                var now = Interlocked.Increment(ref done);
                progress?.Invoke(now);
            }
        }
    }

    public override string ToString() => FormattableString.Invariant(
        $"{Histories} histories, {_faults} faults, {_steps} steps, {PerSecond:0} histories/s, {_failures.Count} with a broken invariant");

    private void Add(Outcome outcome)
    {
        Interlocked.Add(ref _faults, outcome.Faults);
        Interlocked.Add(ref _steps, outcome.Steps);
        foreach (var pair in outcome.Brought)
            _pairs.AddOrUpdate(pair, 1, static (_, n) => n + 1);
        foreach (var ending in outcome.Endings)
            _endings.AddOrUpdate(ending, 1, static (_, n) => n + 1);
        foreach (var state in Coverage.StatesOf(outcome.Transitions))
            _states.AddOrUpdate(state, 1, static (_, n) => n + 1);
        foreach (var transition in outcome.Transitions)
            _transitions.AddOrUpdate(transition, 1, static (_, n) => n + 1);
        lock (_lock)
            FewestFaults = Math.Min(FewestFaults, outcome.Faults);
        if (outcome.Failure is not null)
            _failures.Add(outcome);
    }
}
