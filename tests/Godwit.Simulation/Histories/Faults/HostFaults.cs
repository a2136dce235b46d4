using Godwit.Simulation.World;

namespace Godwit.Simulation.Histories.Faults;

/// <summary>The two hosts of a move: their daemons, their power, what is scarce on them, and their clocks.</summary>
internal static class HostFaults
{
    /// <summary>False: it is none of these.</summary>
    public static bool TryBring(Stage stage, Fault fault)
    {
        switch (fault)
        {
            case Fault.CrashSource:
                Crash(stage, stage.Source);
                break;
            case Fault.CrashDestination:
                Crash(stage, stage.Destination);
                break;
            case Fault.CrashBoth:
                Crash(stage, stage.Source);
                Crash(stage, stage.Destination);
                break;
            case Fault.SourceLosesPower:
                LosePower(stage, stage.Source);
                break;
            case Fault.DestinationLosesPower:
                LosePower(stage, stage.Destination);
                break;
            case Fault.FreezeSource:
                Freeze(stage, stage.Source);
                break;
            case Fault.FreezeDestination:
                Freeze(stage, stage.Destination);
                break;
            case Fault.SourceJournalFull:
                FillJournal(stage, stage.Source);
                break;
            case Fault.DestinationJournalFull:
                FillJournal(stage, stage.Destination);
                break;
            case Fault.NoMemory:
                stage.Destination.AvailableMemoryMiB = 0;
                break;
            case Fault.ClockStep:
                var hosts = stage.World.Hosts;
                hosts[stage.World.Apart.Next(hosts.Length)].Clock.Step(stage.World.DrawClock());
                break;
            default:
                return false;
        }
        return true;
    }

    private static void Crash(Stage stage, SimHost host)
    {
        host.Crash();
        stage.For(4_000, host.StartDaemon);
    }

    private static void LosePower(Stage stage, SimHost host)
    {
        EngineFaults.TakeMemory(stage, host);
        host.LosePower();
        stage.For(6_000, host.PowerOn);
    }

    // Longer than any timeout: two thirds of the time a minute, else some seconds.
    private static void Freeze(Stage stage, SimHost host)
    {
        host.Freeze();
        stage.For(stage.World.Random.Next(3) > 0 ? 70_000 : 8_000, host.Thaw);
    }

    private static void FillJournal(Stage stage, SimHost host)
    {
        host.Journal.IsFull = true;
        stage.For(4_000, () => host.Journal.IsFull = false);
    }
}
