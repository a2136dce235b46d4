using Godwit.Domains;
using Godwit.Hypervisors;
using Godwit.Hypervisors.Fake;
using Godwit.Relocation;
using Godwit.Simulation.World;

namespace Godwit.Simulation.Histories;

/// <summary>Brings the faults of a plan about, each when a relocation has come to its step, and ends them.</summary>
internal sealed class Director
{
    private static readonly FakePoint[] Points = Enum.GetValues<FakePoint>();
    private readonly SimWorld _world;
    private readonly List<PlannedFault> _planned;
    private readonly List<(RelocationStep Step, Fault Fault)> _brought = [];
    private SimHost _source = null!;
    private SimHost _destination = null!;
    private Func<RelocationTicket?> _ticket = static () => null;
    private int _move = -1;
    private int _asking;

    public Director(SimWorld world, Plan plan)
    {
        (_world, _planned) = (world, [.. plan.Faults]);
        world.Reached = Reach;
    }

    /// <summary>Faults that came at the very step they were planned for.</summary>
    public IReadOnlyList<(RelocationStep Step, Fault Fault)> Brought => _brought;

    /// <summary>All faults that came, whenever.</summary>
    public int Count { get; private set; }

    /// <summary>When the last of those that last has ended.</summary>
    public TimeSpan BusyUntil { get; private set; }

    /// <summary>A user still waits for what was asked for.</summary>
    public bool IsAsking => _asking > 0;

    public void BeginMove(SimHost source, SimHost destination, Func<RelocationTicket?> ticket)
    {
        _move++;
        (_source, _destination, _ticket) = (source, destination, ticket);
    }

    /// <summary>Faults of this move whose step was never reached come all the same.</summary>
    public void BringRest()
    {
        foreach (var planned in _planned.Where(p => p.Move <= _move).ToArray())
        {
            _planned.Remove(planned);
            Last(TimeSpan.FromMilliseconds(400));
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
        if (host != _source && host != _destination)
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
            Last(TimeSpan.FromMilliseconds(planned.Delay + 1));
        }
    }

    private void Bring(Fault fault)
    {
        Count++;
        _world.Trace.Add("world", $"fault {fault}");
        switch (fault)
        {
            case Fault.CutLine:
                _world.Cut(_source, _destination, split: false);
                break;
            case Fault.SplitHosts:
                _world.Cut(_source, _destination, split: true);
                For(5_000, _world.Join);
                break;
            case Fault.CutFromSource:
                _world.CutOneWay(_source, _destination);
                For(5_000, _world.Join);
                break;
            case Fault.CutFromDestination:
                _world.CutOneWay(_destination, _source);
                For(5_000, _world.Join);
                break;
            case Fault.RegistryAway:
                Disturb(RegistryLinks(), link => link.Up = false, 5_000);
                break;
            case Fault.RegistryAwayFromSource:
                Disturb([_source.RegistryLink], link => link.Up = false, 5_000);
                break;
            case Fault.RegistryAwayFromDestination:
                Disturb([_destination.RegistryLink], link => link.Up = false, 5_000);
                break;
            case Fault.RegistryDeafToSource:
                Disturb([_source.RegistryLink], link => link.Deaf = true, 5_000);
                break;
            case Fault.RegistryDeafToDestination:
                Disturb([_destination.RegistryLink], link => link.Deaf = true, 5_000);
                break;
            case Fault.RegistryLossy:
                Disturb(RegistryLinks(), link => link.Loss = 0.4, 5_000);
                break;
            case Fault.RegistrySlow:
                Disturb(RegistryLinks(), link => link.Slow = 150, 5_000);
                break;
            case Fault.RegistryRestarts:
                Disturb(RegistryLinks(), link => link.Up = false, 1_000);
                _world.Store.Restart();
                break;
            case Fault.RegistryRestored:
            case Fault.RegistryRestoredWithoutMark:
            case Fault.RegistryRestoredWithItsMark:
                Disturb(RegistryLinks(), link => link.Up = false, 1_000);
                _world.RestoreRegistry(fault switch
                {
                    Fault.RegistryRestoredWithoutMark => MarkFate.Lost,
                    Fault.RegistryRestoredWithItsMark => MarkFate.Restored,
                    _ => MarkFate.Kept,
                });
                break;
            case Fault.StorageAway:
                Disturb(_world.Hosts.SelectMany(StorageLinks), link => link.Up = false, 5_000);
                break;
            case Fault.StorageAwayFromSource:
                Disturb(StorageLinks(_source), link => link.Up = false, 5_000);
                break;
            case Fault.StorageAwayFromDestination:
                // Long enough for the destination to give the domain back, or not.
                Disturb(StorageLinks(_destination), link => link.Up = false, 60_000);
                break;
            case Fault.StorageDeafToDestination:
                Disturb(StorageLinks(_destination), link => link.Deaf = true, 60_000);
                break;
            case Fault.StorageLossy:
                Disturb(_world.Hosts.SelectMany(StorageLinks), link => link.Loss = 0.4, 5_000);
                break;
            case Fault.StorageSlow:
                Disturb(_world.Hosts.SelectMany(StorageLinks), link => link.Slow = 150, 5_000);
                break;
            case Fault.StorageLosesPower:
                var lost = _world.Volumes.Keys.ElementAt(_world.Random.Next(_world.Volumes.Count));
                Disturb(_world.Hosts.Select(host => host.StorageLinks[lost]), link => link.Up = false, 3_000);
                _world.Volumes[lost].LosePower();
                break;
            case Fault.MediumFails:
                FailMedium(_world.Volumes.Values.ElementAt(_world.Random.Next(_world.Volumes.Count)));
                break;
            case Fault.CrashSource:
                Crash(_source);
                break;
            case Fault.CrashDestination:
                Crash(_destination);
                break;
            case Fault.CrashBoth:
                Crash(_source);
                Crash(_destination);
                break;
            case Fault.SourceLosesPower:
                LosePower(_source);
                break;
            case Fault.DestinationLosesPower:
                LosePower(_destination);
                break;
            case Fault.FreezeSource:
                Freeze(_source);
                break;
            case Fault.FreezeDestination:
                Freeze(_destination);
                break;
            case Fault.KillSourceEngine:
                Kill(_source);
                break;
            case Fault.KillDestinationEngine:
                Kill(_destination);
                break;
            case Fault.EngineFails:
                _world.MayBeCold |= Fails();
                break;
            case Fault.SourceJournalFull:
                FillJournal(_source);
                break;
            case Fault.DestinationJournalFull:
                FillJournal(_destination);
                break;
            case Fault.NoMemory:
                _destination.AvailableMemoryMiB = 0;
                break;
            case Fault.GuestPowersOff:
                Ends();
                Running()?.PowerOff();
                break;
            case Fault.GuestPanics:
                _world.MayBeCold = true;
                Running()?.Panic();
                break;
            case Fault.GuestReboots:
                if (_world.Spec.OnReboot != LifecycleAction.Restart)
                    Ends();
                Running()?.Reboot();
                break;
            case Fault.Cancel:
                _ticket()?.Cancel();
                break;
            case Fault.Destroy:
                Ends();
                Ask(Owner(), domains => domains.DestroyAsync(SimWorld.Domain, CancellationToken.None));
                break;
            case Fault.Shutdown:
                Ends();
                Ask(Owner(), domains => domains.ShutdownAsync(SimWorld.Domain, CancellationToken.None));
                break;
            case Fault.Pause:
                Ask(Owner(), domains => domains.PauseAsync(SimWorld.Domain, CancellationToken.None));
                break;
            case Fault.MoveAgain:
                var to = _world.Hosts[_world.Random.Next(_world.Hosts.Length)].Name;
                Ask(Owner(), domains => domains.RelocateAsync(SimWorld.Domain, to, new RelocationOptions(), CancellationToken.None));
                break;
            case Fault.TakeOverBySource:
                TakeOver(_source);
                break;
            case Fault.TakeOverByDestination:
                TakeOver(_destination);
                break;
            case Fault.StrayResume:
                LetStray();
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(fault), fault, "No such fault.");
        }
    }

    private IEnumerable<SimLink> RegistryLinks() => _world.Hosts.Select(host => host.RegistryLink);

    private static IEnumerable<SimLink> StorageLinks(SimHost host) => host.StorageLinks.Values;

    private void Disturb(IEnumerable<SimLink> links, Action<SimLink> disturb, int longest)
    {
        var disturbed = links.ToList();
        foreach (var link in disturbed)
            disturb(link);
        For(longest, () =>
        {
            foreach (var link in disturbed)
                link.Mend();
        });
    }

    /// <summary>Ends a fault after a while.</summary>
    private void For(int longest, Action end)
    {
        var lasts = TimeSpan.FromMilliseconds(_world.Random.Next(1, longest));
        Last(lasts);
        _world.After(lasts, end);
    }

    private void Last(TimeSpan lasts)
    {
        var until = _world.Scheduler.Elapsed + lasts;
        BusyUntil = until > BusyUntil ? until : BusyUntil;
    }

    private void Crash(SimHost host)
    {
        host.Crash();
        For(4_000, host.StartDaemon);
    }

    private void LosePower(SimHost host)
    {
        TakesMemory(host);
        host.LosePower();
        For(6_000, host.PowerOn);
    }

    // Longer than any timeout: two thirds of the time a minute, else some seconds.
    private void Freeze(SimHost host)
    {
        host.Freeze();
        For(_world.Random.Next(3) > 0 ? 70_000 : 8_000, host.Thaw);
    }

    private void FailMedium(SimVolume volume)
    {
        volume.Fails = true;
        For(5_000, () => volume.Fails = false);
    }

    private void FillJournal(SimHost host)
    {
        host.Journal.IsFull = true;
        For(4_000, () => host.Journal.IsFull = false);
    }

    private void Kill(SimHost host)
    {
        if (host.Engine.Processes is not [var process, ..])
            return;
        TakesMemory(host);
        process.Kill("killed");
    }

    // A memory that has run and is nowhere else is lost with its engine; a receiver's is still with the source, until
    // all disks are the destination's: should its daemon die as well, nobody can tell any more whether it ran.
    private void TakesMemory(SimHost host)
    {
        if (host.Engine.Processes is not [var process, ..])
            return;
        var fenced = host.Disks.Attached.Any() && host.Disks.Attached.All(host.Disks.MayWrite);
        if (fenced || process.Phase is not (CopyPhase.Receiving or CopyPhase.Loaded))
            _world.MayBeCold = true;
    }

    // A daemon that dies between the engine's end and the record's leaves what looks like a crash, and is followed so.
    private void Ends() => (_world.MayBeGone, _world.MayBeCold) = (true, true);

    // Told to fail where it would let the guest run, it takes the memory with it: nobody knows whether it ran.
    private bool Fails()
    {
        var point = Points[_world.Random.Next(Points.Length)];
        (_world.Random.Next(2) == 0 ? _source : _destination).Engine.FailNext(point);
        return point is FakePoint.Continue or FakePoint.Start;
    }

    // One that is held, as for a move; else one that a user has paused.
    private void LetStray()
    {
        var copies = _world.Hosts.SelectMany(host => host.Engine.Processes.Select(process => (Host: host, Process: process))).ToList();
        if (copies.FirstOrDefault(copy => copy.Process.Phase == CopyPhase.Held) is { Host: not null } held)
        {
            _world.Strayed = (held.Host, held.Process.Memory);
            held.Process.StrayResume();
        }
        else
        {
            copies.FirstOrDefault(copy => copy.Process.Phase == CopyPhase.Paused).Process?.StrayResume();
        }
    }

    private FakeProcess? Running() => _world.Hosts.SelectMany(host => host.Engine.Processes).FirstOrDefault(process => process.Phase == CopyPhase.Running);

    private SimHost Owner() => _world.Record() is { } record ? _world.Host(record.Owner) : _source;

    // A person says that the owner is gone for good, and may be wrong: memory that the fences do not vouch for is given up.
    private void TakeOver(SimHost host)
    {
        _world.MayBeCold = true;
        Ask(host, domains => domains.TakeOverAsync(SimWorld.Domain, CancellationToken.None));
    }

    // Not as part of the daemon that came to the failpoint: the user lives on when it dies.
    private void Ask(SimHost host, Func<Host.IDomainHost, Task> request)
    {
        _asking++;
        _world.After(TimeSpan.Zero, () => _ = AskAsync(host, request));
    }

    private async Task AskAsync(SimHost host, Func<Host.IDomainHost, Task> request)
    {
        try
        {
            await host.AskAsync(async domains =>
            {
                await request(domains);
                return true;
            });
        }
        catch (Domains.GodwitException e)
        {
            _world.Trace.Add("world", $"refused: {e.Message}");
        }
        finally
        {
            _asking--;
        }
    }
}
