using Godwit.Simulation.World;

namespace Godwit.Simulation.Histories.Faults;

/// <summary>The storage hosts, their disks, and the lines to them.</summary>
internal static class StorageFaults
{
    private const int Longest = 5_000;

    /// <summary>Long enough for a destination to give the domain back, or not.</summary>
    private const int LongestAtDestination = 60_000;

    /// <summary>False: it is none of these.</summary>
    public static bool TryBring(Stage stage, Fault fault)
    {
        var all = stage.World.Hosts.SelectMany(LinksOf);
        switch (fault)
        {
            case Fault.StorageAway:
                stage.Disturb(all, link => link.Up = false, Longest);
                break;
            case Fault.StorageAwayFromSource:
                stage.Disturb(LinksOf(stage.Source), link => link.Up = false, Longest);
                break;
            case Fault.StorageAwayFromDestination:
                stage.Disturb(LinksOf(stage.Destination), link => link.Up = false, LongestAtDestination);
                break;
            case Fault.StorageDeafToDestination:
                stage.Disturb(LinksOf(stage.Destination), link => link.Deaf = true, LongestAtDestination);
                break;
            case Fault.StorageLossy:
                stage.Disturb(all, link => link.Loss = 0.4, Longest);
                break;
            case Fault.StorageSlow:
                stage.Disturb(all, link => link.Slow = 150, Longest);
                break;
            case Fault.StorageLosesPower:
                LosePower(stage);
                break;
            case Fault.MediumFails:
                FailMedium(stage);
                break;
            default:
                return false;
        }
        return true;
    }

    private static IEnumerable<SimLink> LinksOf(SimHost host) => host.StorageLinks.Values;

    private static void LosePower(Stage stage)
    {
        var (name, volume) = stage.World.Volumes.ElementAt(stage.World.Random.Next(stage.World.Volumes.Count));
        stage.Disturb(stage.World.Hosts.Select(host => host.StorageLinks[name]), link => link.Up = false, 3_000);
        volume.LosePower();
    }

    private static void FailMedium(Stage stage)
    {
        var volume = stage.World.Volumes.Values.ElementAt(stage.World.Random.Next(stage.World.Volumes.Count));
        volume.Fails = true;
        stage.For(Longest, () => volume.Fails = false);
    }
}
