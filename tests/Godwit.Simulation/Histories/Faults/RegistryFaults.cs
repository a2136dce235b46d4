using Godwit.Simulation.World;

namespace Godwit.Simulation.Histories.Faults;

/// <summary>The registry, and the lines to it.</summary>
internal static class RegistryFaults
{
    private const int Longest = 5_000;
    private const int StartTakes = 1_000;

    /// <summary>False: it is none of these.</summary>
    public static bool TryBring(Stage stage, Fault fault)
    {
        var all = stage.World.Hosts.Select(host => host.RegistryLink);
        switch (fault)
        {
            case Fault.RegistryAway:
                stage.Disturb(all, link => link.Up = false, Longest);
                break;
            case Fault.RegistryAwayFromSource:
                stage.Disturb([stage.Source.RegistryLink], link => link.Up = false, Longest);
                break;
            case Fault.RegistryAwayFromDestination:
                stage.Disturb([stage.Destination.RegistryLink], link => link.Up = false, Longest);
                break;
            case Fault.RegistryDeafToSource:
                stage.Disturb([stage.Source.RegistryLink], link => link.Deaf = true, Longest);
                break;
            case Fault.RegistryDeafToDestination:
                stage.Disturb([stage.Destination.RegistryLink], link => link.Deaf = true, Longest);
                break;
            case Fault.RegistryLossy:
                stage.Disturb(all, link => link.Loss = 0.4, Longest);
                break;
            case Fault.RegistrySlow:
                stage.Disturb(all, link => link.Slow = 150, Longest);
                break;
            case Fault.RegistryRestarts:
                stage.Disturb(all, link => link.Up = false, StartTakes);
                stage.World.Store.Restart();
                break;
            case Fault.RegistryLosesPower:
                stage.Disturb(all, link => link.Up = false, StartTakes);
                stage.World.Store.LosePower(stage.World.Apart);
                break;
            case Fault.RegistryRestored:
                Restore(MarkFate.Kept);
                break;
            case Fault.RegistryRestoredWithoutMark:
                Restore(MarkFate.Lost);
                break;
            case Fault.RegistryRestoredWithItsMark:
                Restore(MarkFate.Restored);
                break;
            default:
                return false;
        }
        return true;

        void Restore(MarkFate mark)
        {
            stage.Disturb(all, link => link.Up = false, StartTakes);
            stage.World.RestoreRegistry(mark);
        }
    }
}
