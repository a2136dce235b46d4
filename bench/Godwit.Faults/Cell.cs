namespace Godwit.Faults;

/// <summary>One fault at one step.</summary>
internal sealed record Cell(Step Step, Fault Fault)
{
    public static readonly IReadOnlyList<Cell> All =
        [.. from fault in Fault.All from step in Step.All where fault.AppliesTo(step) select new Cell(step, fault)];

    public override string ToString() => $"{Step.Name} x {Fault.Name}";

    /// <summary>The only memory of the guest goes with its process: it may start cold.</summary>
    public bool TakesTheMemory => Fault switch
    {
        Fault.Kill { Victim: Victim.SourceEngine or Victim.SourceHost } => !Step.HandedOver,
        Fault.Kill { Victim: Victim.DestinationEngine or Victim.DestinationHost } => Step.Arrived,
        _ => false,
    };

    /// <summary>
    /// It must: nobody has its memory any more, and a guest that looks the same would be an old one. A domain that has arrived
    /// though its source died had its memory carried over before.
    /// </summary>
    public bool MustStartCold(bool arrived) => TakesTheMemory && (Step.Arrived || !arrived);

    /// <summary>Where the domain has to be in the end: on the destination, on the source, or on either.</summary>
    public bool? MustArrive => Fault switch
    {
        // The source dies after Handover: the relocation goes forward.
        Fault.Kill { Victim: Victim.SourceDaemon or Victim.SourceEngine or Victim.SourceHost } when Step.HandedOver => true,
        Fault.Kill { Victim: Victim.DestinationEngine or Victim.DestinationHost } when !Step.Arrived => false,
        _ when Step.Arrived => true,
        _ => null,
    };
}

/// <summary>What came of a cell.</summary>
/// <param name="Cell">Step and fault.</param>
/// <param name="OnDestination">The domain is where it was to go.</param>
/// <param name="Cold">It started anew; otherwise the guest never stopped being the same one.</param>
/// <param name="RunningAfter">From the fault's end until a copy ran where the record says.</param>
/// <param name="SettledAfter">From the fault's end until nothing was left to do.</param>
/// <param name="Problem">Where the cell falls short; null when it does not.</param>
internal sealed record CellOutcome(Cell Cell, bool OnDestination, bool Cold, TimeSpan RunningAfter, TimeSpan SettledAfter, string? Problem)
{
    public string Outcome => Problem is not null ? "FAILS" : (OnDestination ? "moved" : "stayed") + (Cold ? ", cold" : "");

    public static CellOutcome Failed(Cell cell, string problem) => new(cell, false, false, default, default, problem);
}
