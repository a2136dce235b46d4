namespace Godwit.Simulation.Histories.Faults;

/// <summary>The lines between the two hosts of a move.</summary>
internal static class LineFaults
{
    private const int Longest = 5_000;

    /// <summary>False: it is none of these.</summary>
    public static bool TryBring(Stage stage, Fault fault)
    {
        var world = stage.World;
        switch (fault)
        {
            case Fault.CutLine:
                world.Cut(stage.Source, stage.Destination, split: false);
                return true;
            case Fault.SplitHosts:
                world.Cut(stage.Source, stage.Destination, split: true);
                break;
            case Fault.CutFromSource:
                world.CutOneWay(stage.Source, stage.Destination);
                break;
            case Fault.CutFromDestination:
                world.CutOneWay(stage.Destination, stage.Source);
                break;
            default:
                return false;
        }
        stage.For(Longest, world.Join);
        return true;
    }
}
