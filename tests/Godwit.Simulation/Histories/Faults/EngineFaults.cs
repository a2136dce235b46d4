using Godwit.Domains;
using Godwit.Hypervisors;
using Godwit.Hypervisors.Fake;
using Godwit.Simulation.World;

namespace Godwit.Simulation.Histories.Faults;

/// <summary>The engines of the domain, and the guest in them. What it may lose by them is told to the world.</summary>
internal static class EngineFaults
{
    private static readonly FakePoint[] Points = Enum.GetValues<FakePoint>();

    /// <summary>False: it is none of these.</summary>
    public static bool TryBring(Stage stage, Fault fault)
    {
        var world = stage.World;
        switch (fault)
        {
            case Fault.KillSourceEngine:
                Kill(stage, stage.Source);
                break;
            case Fault.KillDestinationEngine:
                Kill(stage, stage.Destination);
                break;
            case Fault.EngineFails:
                world.MayBeCold |= Fails(stage);
                break;
            case Fault.StrayResume:
                LetStray(world);
                break;
            case Fault.GuestPowersOff:
                world.DomainMayEnd();
                Running(world)?.PowerOff();
                break;
            case Fault.GuestPanics:
                world.MayBeCold = true;
                Running(world)?.Panic();
                break;
            case Fault.GuestReboots:
                if (world.Spec.OnReboot != LifecycleAction.Restart)
                    world.DomainMayEnd();
                Running(world)?.Reboot();
                break;
            default:
                return false;
        }
        return true;
    }

    /// <summary>
    /// A memory that has run and is nowhere else is lost with its engine; a receiver's is still with the source, until all
    /// disks are the destination's: should its daemon die as well, nobody can tell any more whether it ran.
    /// </summary>
    public static void TakeMemory(Stage stage, SimHost host)
    {
        if (host.Engine.Processes is not [var process, ..])
            return;
        var fenced = host.Disks.Attached.Any() && host.Disks.Attached.All(host.Disks.MayWrite);
        if (fenced || process.Phase is not (CopyPhase.Receiving or CopyPhase.Loaded))
            stage.World.MayBeCold = true;
    }

    private static void Kill(Stage stage, SimHost host)
    {
        if (host.Engine.Processes is not [var process, ..])
            return;
        TakeMemory(stage, host);
        process.Kill("killed");
    }

    // Told to fail where it would let the guest run, it takes the memory with it: nobody knows whether it ran.
    private static bool Fails(Stage stage)
    {
        var point = Points[stage.World.Random.Next(Points.Length)];
        (stage.World.Random.Next(2) == 0 ? stage.Source : stage.Destination).Engine.FailNext(point);
        return point is FakePoint.Continue or FakePoint.Start;
    }

    // One that is held, as for a move; else one that a user has paused.
    private static void LetStray(SimWorld world)
    {
        var copies = world.Hosts.SelectMany(host => host.Engine.Processes.Select(process => (Host: host, Process: process))).ToList();
        if (copies.FirstOrDefault(copy => copy.Process.Phase == CopyPhase.Held) is { Host: not null } held)
        {
            world.Strayed = (held.Host, held.Process.Memory);
            held.Process.StrayResume();
        }
        else
        {
            copies.FirstOrDefault(copy => copy.Process.Phase == CopyPhase.Paused).Process?.StrayResume();
        }
    }

    private static FakeProcess? Running(SimWorld world) =>
        world.Hosts.SelectMany(host => host.Engine.Processes).FirstOrDefault(process => process.Phase == CopyPhase.Running);
}
