using Godwit.Simulation.World;

namespace Godwit.Simulation.Histories;

/// <summary>Makes a plan that fails smaller, for as long as it fails.</summary>
internal static class Shrinking
{
    public static Outcome Shrink(Plan plan, SimOptions options)
    {
        var smallest = plan;
        for (var smaller = true; smaller;)
        {
            smaller = false;
            foreach (var candidate in Smaller(smallest))
            {
                if (History.Run(candidate, options).Failure is null)
                    continue;
                (smallest, smaller) = (candidate, true);
                break;
            }
        }
        return History.Run(smallest, options with { Traces = true });
    }

    private static IEnumerable<Plan> Smaller(Plan plan)
    {
        foreach (var fault in plan.Faults)
            yield return plan with { Faults = plan.Faults.Remove(fault) };
        var needed = plan.Faults.Select(fault => fault.Move + 1).DefaultIfEmpty(1).Max();
        if (needed < plan.Moves)
            yield return plan with { Moves = needed };
        foreach (var fault in plan.Faults.Where(fault => fault.Delay > 0))
            yield return plan with { Faults = plan.Faults.Replace(fault, fault with { Delay = 0 }) };
    }
}
