using Godwit.Hypervisors.Fake;
using Godwit.Relocation;
using Godwit.Simulation.Tests.World;

namespace Godwit.Simulation.Tests.Histories;

/// <summary>What can go wrong in a history.</summary>
internal enum Fault
{
    CutLine = 1,
    SplitHosts,
    RegistryAway,
    RegistryAwayFromOne,
    RegistryLossy,
    StorageAway,
    StorageAwayFromDestination,
    StorageLossy,
    CrashSource,
    CrashDestination,
    CrashBoth,
    EngineFails,
    KillReceiver,
    KillSource,
    Cancel,
    PowerOff,
}

/// <summary>Brings faults about, each at a moment that the seed chooses, and ends them.</summary>
internal sealed class Faults(SimWorld world)
{
    private static readonly Fault[] Kinds = Enum.GetValues<Fault>();
    private static readonly FakePoint[] Points = Enum.GetValues<FakePoint>();

    public void Plan(SimHost source, SimHost destination, Func<RelocationTicket?> ticket)
    {
        var count = world.Random.Next(0, 4);
        for (var i = 0; i < count; i++)
        {
            var kind = Kinds[world.Random.Next(Kinds.Length)];
            // Half of them where a relocation is short of its end, for that is where it is delicate.
            var at = TimeSpan.FromTicks(world.Random.Next(2) == 0
                ? world.Random.NextInt64(TimeSpan.TicksPerMillisecond * 400)
                : TimeSpan.TicksPerMillisecond * 120 + world.Random.NextInt64(TimeSpan.TicksPerMillisecond * 80));
            world.After(at, () => Bring(kind, source, destination, ticket()));
        }
    }

    /// <summary>Everything answers again, and every daemon is started.</summary>
    public void End()
    {
        world.Trace.Add("world", "faults end");
        world.Join();
        foreach (var host in world.Hosts)
        {
            (host.RegistryLink.Up, host.StorageLink.Up) = (true, true);
            (host.RegistryLink.Loss, host.StorageLink.Loss) = (0, 0);
            host.Engine.ForgetFailures();
            host.StartDaemon();
        }
    }

    private void Bring(Fault kind, SimHost source, SimHost destination, RelocationTicket? ticket)
    {
        world.Trace.Add("world", $"fault {kind}");
        var random = world.Random;
        switch (kind)
        {
            case Fault.CutLine:
                world.Cut(source, destination, split: false);
                break;
            case Fault.SplitHosts:
                world.Cut(source, destination, split: true);
                break;
            case Fault.RegistryAway:
                Each(host => Away(host.RegistryLink, random.Next(5000)));
                break;
            case Fault.RegistryAwayFromOne:
                Away((random.Next(2) == 0 ? source : destination).RegistryLink, random.Next(5000));
                break;
            case Fault.RegistryLossy:
                Each(host => host.RegistryLink.Loss = 0.4);
                break;
            case Fault.StorageAway:
                Each(host => Away(host.StorageLink, random.Next(5000)));
                break;
            case Fault.StorageAwayFromDestination:
                // Long enough for the destination to give the domain back, or not.
                Away(destination.StorageLink, random.Next(60_000));
                break;
            case Fault.StorageLossy:
                Each(host => host.StorageLink.Loss = 0.4);
                break;
            case Fault.CrashSource:
                Crash(source);
                break;
            case Fault.CrashDestination:
                Crash(destination);
                break;
            case Fault.CrashBoth:
                Crash(source);
                Crash(destination);
                break;
            case Fault.EngineFails:
                (random.Next(2) == 0 ? source : destination).Engine.FailNext(Points[random.Next(Points.Length)]);
                break;
            case Fault.KillReceiver:
                Kill(destination);
                break;
            case Fault.KillSource:
                Kill(source);
                break;
            case Fault.Cancel:
                ticket?.Cancel();
                break;
            case Fault.PowerOff:
                PowerOff(source);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(kind), kind, "No such fault.");
        }
    }

    private void Each(Action<SimHost> action)
    {
        foreach (var host in world.Hosts)
            action(host);
    }

    private void Away(SimLink link, int milliseconds)
    {
        link.Up = false;
        world.After(TimeSpan.FromMilliseconds(milliseconds), () => link.Up = true);
    }

    private void Crash(SimHost host)
    {
        host.Crash();
        world.After(TimeSpan.FromMilliseconds(world.Random.Next(1, 4000)), host.StartDaemon);
    }

    // A memory that has run and is nowhere else is lost with its engine; a receiver's is still with the source, until
    // the domain has arrived.
    private void Kill(SimHost host)
    {
        if (host.Engine.Processes is not [var process, ..])
            return;
        var record = world.Record();
        var arrived = record?.Owner == host.Name && (!record.Arriving || record.RunState == Domains.RunState.Paused);
        // Fenced to it: should its daemon die as well, nobody can tell any more whether it ran.
        arrived |= host.Disks.Attached.Any(host.Disks.MayWrite);
        if (arrived || process.Phase is not (Hypervisors.CopyPhase.Receiving or Hypervisors.CopyPhase.Loaded))
            world.GuestLost = true;
        process.Kill("killed");
    }

    private void PowerOff(SimHost host)
    {
        if (host.Engine.Processes is not [{ Phase: Hypervisors.CopyPhase.Running } process, ..])
            return;
        world.GuestLost = true;
        process.PowerOff();
    }
}
