using Godwit.Relocation;

namespace Godwit.Simulation.Histories;

/// <summary>What can go wrong in a history.</summary>
internal enum Fault
{
    CutLine = 1,
    SplitHosts,
    CutFromSource,
    CutFromDestination,
    RegistryAway,
    RegistryAwayFromSource,
    RegistryAwayFromDestination,
    RegistryDeafToSource,
    RegistryDeafToDestination,
    RegistryLossy,
    RegistrySlow,
    RegistryRestarts,
    RegistryRestored,
    RegistryRestoredWithoutMark,

    /// <summary>Nothing tells such a registry what it has lost before a host that knows hears its revision.</summary>
    RegistryRestoredWithItsMark,
    StorageAway,
    StorageAwayFromSource,
    StorageAwayFromDestination,
    StorageDeafToDestination,
    StorageLossy,
    StorageSlow,
    StorageLosesPower,
    MediumFails,
    CrashSource,
    CrashDestination,
    CrashBoth,
    SourceLosesPower,
    DestinationLosesPower,
    FreezeSource,
    FreezeDestination,
    KillSourceEngine,
    KillDestinationEngine,
    EngineFails,
    SourceJournalFull,
    DestinationJournalFull,
    NoMemory,
    GuestPowersOff,
    GuestPanics,
    GuestReboots,
    Cancel,
    Destroy,
    Shutdown,
    Pause,
    MoveAgain,
    TakeOverBySource,
    TakeOverByDestination,

    /// <summary>Somebody lets a held copy run, or one that a user has paused.</summary>
    StrayResume,

    /// <summary>Somebody sets the wall clock of a host.</summary>
    ClockStep,
    RegistryLosesPower,

    /// <summary>A user gives the running domain other memory.</summary>
    Resize,

    /// <summary>A user saves the domain, and restores it soon.</summary>
    Save,
}

/// <summary>A fault that a history has in store.</summary>
/// <param name="Move">In which of its moves, from 0.</param>
/// <param name="Step">At which step of it.</param>
/// <param name="Fault">What.</param>
/// <param name="Delay">So many milliseconds after the step's failpoint is reached.</param>
internal sealed record PlannedFault(int Move, RelocationStep Step, Fault Fault, int Delay)
{
    public override string ToString() => FormattableString.Invariant($"{Move}:{Step}:{Fault}+{Delay}");

    public static PlannedFault Parse(string text)
    {
        var parts = text.Split(':', '+');
        return new PlannedFault(
            int.Parse(parts[0], System.Globalization.CultureInfo.InvariantCulture), Enum.Parse<RelocationStep>(parts[1]), Enum.Parse<Fault>(parts[2]),
            int.Parse(parts[3], System.Globalization.CultureInfo.InvariantCulture));
    }
}
