using Godwit.Relocation;
using Godwit.Simulation.Histories.Faults;
using Godwit.Simulation.World;

namespace Godwit.Simulation.Histories;

/// <summary>Brings the faults of a plan about, each when a relocation has come to its step, and ends them.</summary>
internal sealed class Director
{
    private readonly SimWorld _world;
    private readonly Stage _stage;
    private readonly Users _users;
    private readonly List<PlannedFault> _planned;
    private readonly List<(RelocationStep Step, Fault Fault)> _brought = [];
    private int _move = -1;

    public Director(SimWorld world, Plan plan)
    {
        (_world, _planned) = (world, [.. plan.Faults]);
        _stage = new Stage(world);
        _users = new Users(_stage);
        world.Reached = Reach;
    }

    /// <summary>Faults that came at the very step they were planned for.</summary>
    public IReadOnlyList<(RelocationStep Step, Fault Fault)> Brought => _brought;

    /// <summary>All faults that came, whenever.</summary>
    public int Count { get; private set; }

    /// <summary>When the last of those that last has ended.</summary>
    public TimeSpan BusyUntil => _stage.BusyUntil;

    /// <summary>A user still waits for what was asked for.</summary>
    public bool IsAsking => _users.IsAsking;

    public void BeginMove(SimHost source, SimHost destination, Func<RelocationTicket?> ticket)
    {
        _move++;
        _stage.BeginMove(source, destination, ticket);
    }

    /// <summary>Faults of this move whose step was never reached come all the same.</summary>
    public void BringRest()
    {
        foreach (var planned in _planned.Where(p => p.Move <= _move).ToArray())
        {
            _planned.Remove(planned);
            _stage.Last(TimeSpan.FromMilliseconds(400));
            _world.After(TimeSpan.FromMilliseconds(_world.Random.Next(300)), () => Bring(planned.Fault));
        }
    }

    /// <summary>Everything answers again, and every daemon is started.</summary>
    public void End()
    {
        _world.Trace.Add("world", "faults end");
        _world.Join();
        foreach (var host in _world.Hosts)
        {
            host.RegistryLink.Mend();
            foreach (var link in host.StorageLinks.Values)
                link.Mend();
            host.Journal.IsFull = false;
            host.AvailableMemoryMiB = SimWorld.HostMemoryMiB;
            host.Engine.ForgetFailures();
            host.Thaw();
            host.PowerOn();
        }
    }

    private void Reach(SimHost host, string point)
    {
        if (host != _stage.Source && host != _stage.Destination)
            return;
        foreach (var planned in _planned.Where(p => p.Move == _move && Steps.PointsOf(p.Step).Contains(point)).ToArray())
        {
            // A step with several points has the fault at any of them.
            if (Steps.PointsOf(planned.Step)[^1] != point && _world.Random.Next(2) == 0)
                continue;
            _planned.Remove(planned);
            _brought.Add((planned.Step, planned.Fault));
            if (planned.Delay == 0)
                Bring(planned.Fault);
            else
                _world.After(TimeSpan.FromMilliseconds(planned.Delay), () => Bring(planned.Fault));
            _stage.Last(TimeSpan.FromMilliseconds(planned.Delay + 1));
        }
    }

    private void Bring(Fault fault)
    {
        Count++;
        _world.Trace.Add("world", $"fault {fault}");
        var brought = LineFaults.TryBring(_stage, fault) || RegistryFaults.TryBring(_stage, fault) || StorageFaults.TryBring(_stage, fault)
            || HostFaults.TryBring(_stage, fault) || EngineFaults.TryBring(_stage, fault) || _users.TryBring(fault);
        if (!brought)
            throw new ArgumentOutOfRangeException(nameof(fault), fault, "No such fault.");
    }
}
