namespace Godwit.Faults;

/// <summary>Draws cells at random for as long as they fit into a time.</summary>
internal static class Sampling
{
    /// <summary>Hosts are started, and the first guest boots.</summary>
    internal static readonly TimeSpan LabTakes = TimeSpan.FromSeconds(25);

    private static readonly TimeSpan SettlingTakes = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan BootTakes = TimeSpan.FromSeconds(10);

    /// <summary>
    /// About how long a cell takes, from seeing that the guest is well to the end of the next migration; several labs sharing
    /// the processors. A fault that lasts is settled in part while it does.
    /// </summary>
    public static TimeSpan CostOf(Cell cell) => cell.Fault switch
    {
        Fault.Stop stop => stop.For + TimeSpan.FromSeconds(15),
        Fault.Cut cut => cut.For + TimeSpan.FromSeconds(15),
        Fault.Kill { Victim: Victim.SourceHost or Victim.DestinationHost or Victim.StorageHost } => SettlingTakes + BootTakes,
        _ => SettlingTakes + (cell.TakesTheMemory ? BootTakes : TimeSpan.Zero),
    };

    /// <summary>
    /// Of cells in random order those that fit, each into the lab that is free first: there the labs, which take from one
    /// queue, will have it.
    /// </summary>
    /// <param name="seed">Which ones, and in which order.</param>
    /// <param name="labs">How many run side by side.</param>
    /// <param name="each">Time of each lab.</param>
    public static IReadOnlyList<Cell> Draw(int seed, int labs, TimeSpan each)
    {
        var cells = Cell.All.ToArray();
        new Random(seed).Shuffle(cells);
        var busy = Enumerable.Repeat(LabTakes, labs).ToArray();
        var drawn = new List<Cell>();
        foreach (var cell in cells)
        {
            var free = Array.IndexOf(busy, busy.Min());
            if (busy[free] + CostOf(cell) > each)
                continue;
            busy[free] += CostOf(cell);
            drawn.Add(cell);
        }
        return drawn;
    }
}
