using Godwit.Domains;
using Godwit.Host;
using Godwit.Hypervisors.Fake;
using Godwit.Pool;
using Godwit.Pool.Journal;
using Godwit.Pool.Ownership;
using Godwit.Pool.Restoration;
using Godwit.Simulation.Tests.Scheduling;
using Microsoft.Extensions.Logging;

namespace Godwit.Simulation.Tests.World;

/// <summary>
/// A machine of the pool. Its engine's processes, attachments, bridges and journal stay when its daemon dies; the
/// daemon is one context of the scheduler, made anew at each start.
/// </summary>
internal sealed class SimHost : IDisposable
{
    private readonly SimWorld _world;
    private SimContext? _context;
    private DomainHost? _domains;

    public SimHost(SimWorld world, string name)
    {
        (_world, Name) = (world, name);
        RegistryLink = world.Link($"{name}-reg", RegistryErrors.Unavailable);
        StorageLink = world.Link($"{name}-sto", "storage-unavailable");
        Disks = new SimDisks(name, world.Volumes, StorageLink, world.Trace);
        Engine = new FakeEngine(world.Time, world.Options.Engine, (order, next) => world.GuestWrites(this, order, next))
        {
            Observer = (process, @event) => world.Observe(this, process, @event),
        };
        Network = new FakeGuestNetwork(name, world.Switch);
    }

    public string Name { get; }

    public SimLink RegistryLink { get; }

    public SimLink StorageLink { get; }

    public SimDisks Disks { get; }

    public FakeEngine Engine { get; }

    public FakeGuestNetwork Network { get; }

    public SqliteJournal Journal { get; } = SqliteJournal.Open(":memory:");

    /// <summary>The daemon runs, whether or not it has settled yet.</summary>
    public bool IsUp => _context is { Dead: false };

    /// <summary>The daemon has settled what an earlier one left.</summary>
    public bool IsReady { get; private set; }

    public void StartDaemon()
    {
        if (IsUp)
            return;
        _world.Trace.Add(Name, "daemon starts");
        var context = _context = new SimContext(_world.Scheduler, Name);
        var registry = new SimRegistry(Name, _world.Registry, RegistryLink, _world) { Compares = _world.Options.Compares };
        var logs = new TraceLogs(Name, _world);
        var witness = new Witness(Name, Journal);
        var domains = _domains = new DomainHost(new HostParts
        {
            Name = Name,
            Hypervisor = new FakeHypervisor(Engine),
            Disks = Disks,
            Network = Network,
            Registry = registry,
            Witness = witness,
            Records = new RecordChanger(registry, witness, _world.Time, logs.CreateLogger<RecordChanger>()),
            Journal = Journal,
            BootFiles = new NoBootFiles(),
            Dialer = new SimDialer(_world, this),
            Resources = _world,
            Time = _world.Time,
            Logs = logs,
        });
        _ = SimScheduler.Start(context, () => SettleAsync(context, domains));
    }

    /// <summary>SIGKILL to the daemon.</summary>
    public void Crash()
    {
        if (!IsUp)
            return;
        _world.Trace.Add(Name, "daemon crashes");
        _context!.Kill();
        (_domains, IsReady) = (null, false);
        Engine.LoseDaemon();
        Network.LoseDaemon();
        _world.CutLinesOf(this);
    }

    /// <summary>Asks the daemon, in its own context. Never ends when the daemon dies meanwhile.</summary>
    public Task<T> AskAsync<T>(Func<IDomainHost, Task<T>> request) => _domains is { } domains && IsUp
        ? SimScheduler.Start(_context!, () => request(domains))
        : Task.FromException<T>(new GodwitException("daemon-down", $"{Name} has no daemon."));

    public void Dispose() => Journal.Dispose();

    private async Task<bool> SettleAsync(SimContext context, DomainHost domains)
    {
        try
        {
            await domains.StartAsync(CancellationToken.None);
            await domains.Settled;
            IsReady = !context.Dead;
            _world.Trace.Add(Name, "daemon is ready");
            return true;
        }
        catch (GodwitException e)
        {
            // It ends with an error, and the service manager starts it again.
            _world.Trace.Add(Name, $"daemon cannot start: {e.Message}");
            Crash();
            _world.After(TimeSpan.FromSeconds(1), StartDaemon);
            return false;
        }
        catch (Exception e)
        {
            _world.Fail($"{Name}: the daemon's start failed: {e}");
            throw;
        }
    }
}
