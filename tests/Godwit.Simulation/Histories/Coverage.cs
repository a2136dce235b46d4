using System.Collections.Immutable;
using System.Reflection;
using Godwit.Hypervisors;
using Godwit.Relocation;
using Godwit.Relocation.Destination;
using Godwit.Relocation.Source;

namespace Godwit.Simulation.Histories;

/// <summary>
/// All that the two machines can do, found by walking them: every event in every state that can be come to.
/// </summary>
internal static class Coverage
{
    public static readonly ImmutableArray<RelocationEnding> Endings = [.. Enum.GetValues<RelocationEnding>()];

    /// <summary>Each as <c>source Checking > Beginning</c>.</summary>
    public static readonly ImmutableArray<string> Transitions =
    [
        .. Walk(SourceMachine.Initial, Events<SourceEvent>(), (s, e) => SourceMachine.Step(s, e).State, s => $"{s.Phase}").Select(t => $"source {t}"),
        .. Walk(DestinationMachine.Initial, Events<DestinationEvent>(), (s, e) => DestinationMachine.Step(s, e).State, s => $"{s.Phase}").Select(t => $"destination {t}"),
    ];

    /// <summary>Each as <c>source Checking</c>.</summary>
    public static readonly ImmutableArray<string> States = [.. StatesOf(Transitions)];

    /// <summary>Where transitions lead from and to.</summary>
    public static IEnumerable<string> StatesOf(IEnumerable<string> transitions) =>
        transitions.SelectMany(Ends).Distinct().Order(StringComparer.Ordinal);

    private static IEnumerable<string> Ends(string transition) =>
        transition.Split(' ') is [var side, var from, _, var to] ? [$"{side} {from}", $"{side} {to}"] : throw new FormatException($"`{transition}` is no transition");

    private static SortedSet<string> Walk<TState, TEvent>(
        TState initial, IReadOnlyList<TEvent> events, Func<TState, TEvent, TState> step, Func<TState, string> phase)
        where TState : notnull
    {
        var found = new SortedSet<string>(StringComparer.Ordinal);
        var seen = new HashSet<TState> { initial };
        var open = new Queue<TState>(seen);
        while (open.TryDequeue(out var state))
        {
            foreach (var @event in events)
            {
                var next = step(state, @event);
                if (phase(next) != phase(state))
                    found.Add($"{phase(state)} > {phase(next)}");
                if (seen.Add(next))
                    open.Enqueue(next);
            }
        }
        return found;
    }

    /// <summary>One of each kind for each value of what decides: flags and enums; texts are always the same.</summary>
    private static IReadOnlyList<T> Events<T>() =>
    [
        .. from type in typeof(T).GetNestedTypes()
           where type.IsSubclassOf(typeof(T))
           let constructor = type.GetConstructors().OrderByDescending(c => c.GetParameters().Length).First()
           from arguments in Arguments([.. constructor.GetParameters()])
           select (T)constructor.Invoke([.. arguments]),
    ];

    private static IEnumerable<ImmutableArray<object?>> Arguments(ImmutableArray<ParameterInfo> parameters) => parameters.Aggregate(
        (IEnumerable<ImmutableArray<object?>>)[[]],
        (before, parameter) => before.SelectMany(arguments => Values(parameter.ParameterType).Select(arguments.Add)).ToList());

    private static IEnumerable<object?> Values(Type type) => Nullable.GetUnderlyingType(type) is { } inner
        ? [null, .. Values(inner)]
        : type switch
        {
            _ when type == typeof(bool) => [false, true],
            _ when type.IsEnum => Enum.GetValues(type).Cast<object?>(),
            _ when type == typeof(string) => ["x"],
            _ when type == typeof(long) => [1L],
            _ when type == typeof(int) => [1],
            _ => [null],
        };
}
