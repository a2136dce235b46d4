using Godwit.Relocation;

namespace Godwit.Simulation.Histories;

/// <summary>What a relocation says of its own duration, whatever the clocks of its hosts say.</summary>
internal static class Figures
{
    /// <summary>Half of the shortest round trip of the questions that compare two clocks.</summary>
    private static readonly TimeSpan Error = TimeSpan.FromSeconds(1);

    /// <param name="result">Its end.</param>
    /// <param name="lasted">How long it can have lasted at most.</param>
    /// <returns>What cannot be; null: nothing.</returns>
    public static string? FindWrong(RelocationResult result, TimeSpan lasted)
    {
        if (!IsWithin(result.Total, lasted))
            return $"a move that lasted {lasted} at most says that it took {result.Total}";
        if (!IsWithin(result.Downtime, result.Total))
            return $"a move that took {result.Total} says that the guest stood still for {result.Downtime}";
        return result.Parts is { } p && new[] { p.Stop, p.LastRound, p.DeviceState, p.Commit, p.Fence, p.Resume }.Any(part => !IsWithin(part, result.Downtime))
            ? $"the downtime of {result.Downtime} has the parts {p}"
            : null;
    }

    private static bool IsWithin(TimeSpan figure, TimeSpan whole) => figure >= -Error && figure <= whole + Error;
}
