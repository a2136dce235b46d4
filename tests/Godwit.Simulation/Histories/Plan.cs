using System.Collections.Immutable;
using System.Globalization;
using Godwit.Relocation;

namespace Godwit.Simulation.Histories;

/// <summary>What is to happen in a history: its faults, and a seed for all else (latencies, sizes, moments).</summary>
internal sealed record Plan(int Seed, int Moves, ImmutableArray<PlannedFault> Faults)
{
    /// <summary>Every fault at every step at which it has a meaning.</summary>
    public static readonly ImmutableArray<(RelocationStep Step, Fault Fault)> Pairs =
    [
        .. from fault in Enum.GetValues<Fault>()
           from step in Steps.All
           where (fault != Fault.KillDestinationEngine || step > RelocationStep.Begin) && (fault != Fault.StrayResume || step >= RelocationStep.HandOver)
           select (step, fault),
    ];

    /// <summary>One seed in so many has a plan that is made for what chance brings about too rarely.</summary>
    internal const int Directed = 300;

    /// <summary>
    /// Each pair in its turn as the first fault, alone in the first move in half of all histories; the others at random.
    /// </summary>
    public static Plan Of(int seed)
    {
        if (seed % Directed == 0)
            return TakenOverWhileRegaining(seed);
        var random = new Random(seed);
        var moves = random.Next(1, 4);
        var count = random.Next(3, 6);
        var first = Pairs[(int)((uint)seed % Pairs.Length)];
        var faults = ImmutableArray.CreateBuilder<PlannedFault>(count);
        faults.Add(new PlannedFault(0, first.Step, first.Fault, Delay(random)));
        var from = moves > 1 && random.Next(2) == 0 ? 1 : 0;
        while (faults.Count < count)
        {
            var (step, fault) = Pairs[random.Next(Pairs.Length)];
            if (faults.Any(there => Exclude(there.Fault, fault)))
                continue;
            faults.Add(new PlannedFault(random.Next(from, moves), step, fault, Delay(random)));
        }
        return new Plan(seed, moves, faults.MoveToImmutable());
    }

    /// <summary>As it stands in the list of plans that once failed.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Seed}/{Moves} {string.Join(' ', Faults)}");

    public static Plan Parse(string text)
    {
        var words = text.Split(' ');
        var head = words[0].Split('/');
        return new Plan(
            int.Parse(head[0], CultureInfo.InvariantCulture), int.Parse(head[1], CultureInfo.InvariantCulture), [.. words[1..].Select(PlannedFault.Parse)]);
    }

    /// <summary>
    /// A source that has won its abort takes its disks back, and is kept from them until somebody takes the domain over. One
    /// history in about five gets there in time.
    /// </summary>
    private static Plan TakenOverWhileRegaining(int seed) => new(seed, 1,
    [
        new PlannedFault(0, RelocationStep.HandOver, Fault.StorageAwayFromSource, 0),
        new PlannedFault(0, RelocationStep.HandOver, Fault.CutFromSource, 0),
        new PlannedFault(0, RelocationStep.Stop, Fault.TakeOverByDestination, 4500),
    ]);

    // A person who says that a host is gone for good, in the seconds in which nobody can know that the registry is an old copy,
    // may take over what has been removed, and finds it removed again.
    private static bool Exclude(Fault one, Fault other) =>
        (one == Fault.RegistryRestoredWithItsMark && IsTakeOver(other)) || (other == Fault.RegistryRestoredWithItsMark && IsTakeOver(one));

    private static bool IsTakeOver(Fault fault) => fault is Fault.TakeOverBySource or Fault.TakeOverByDestination;

    private static int Delay(Random random) => random.Next(3) == 0 ? random.Next(1, 40) : 0;
}
