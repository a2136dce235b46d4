using Godwit.Domains;
using Godwit.Host;
using Godwit.Hypervisors.Fake;
using Godwit.Pool;
using Godwit.Pool.Ownership;
using Godwit.Pool.Restoration;
using Godwit.Relocation;
using Godwit.Simulation.Scheduling;
using Microsoft.Extensions.Logging;

namespace Godwit.Simulation.World;

/// <summary>
/// A machine of the pool. Its engine's processes, attachments, bridges and journal stay when its daemon dies; the
/// daemon is one context of the scheduler, made anew at each start.
/// </summary>
internal sealed class SimHost : IHostResources, IFailpoints, IDisposable
{
    private readonly SimWorld _world;
    private SimContext? _context;
    private DomainHost? _domains;
    private Witness? _witness;
    private readonly List<Action> _asked = [];

    public SimHost(SimWorld world, string name)
    {
        (_world, Name) = (world, name);
        RegistryLink = new SimLink($"{name}-reg", RegistryErrors.Unavailable, world);
        StorageLinks = world.Volumes.Keys.ToDictionary(volume => volume, volume => new SimLink($"{name}-{SimWorld.StorageOf(volume)}", "storage-unavailable", world));
        Disks = new SimDisks(name, world, StorageLinks);
        Clock = new SimClock(world.Scheduler.Time, world.DrawClock());
        Engine = new FakeEngine(Clock, world.Options.Engine, (order, next) => world.GuestWrites(this, order, next))
        {
            Observer = (process, @event) => world.Observe(this, process, @event),
            Flush = Disks.Flush,
        };
        Network = new FakeGuestNetwork(name, world.Switch);
        Journal = new SimJournal(world);
    }

    public string Name { get; }

    public SimClock Clock { get; }

    public SimLink RegistryLink { get; }

    public IReadOnlyDictionary<string, SimLink> StorageLinks { get; }

    public SimDisks Disks { get; }

    public FakeEngine Engine { get; }

    public FakeGuestNetwork Network { get; }

    public SimJournal Journal { get; }

    /// <summary>Greatest revision of the registry that its daemon has seen.</summary>
    public long SeenRevision => _witness?.HighestRevision ?? 0;

    /// <summary>On its disk.</summary>
    public SimSaved Saved { get; } = new();

    /// <summary>The host has power.</summary>
    public bool IsOn { get; private set; } = true;

    /// <summary>The daemon runs, whether or not it has settled yet.</summary>
    public bool IsUp => _context is { Dead: false };

    /// <summary>The daemon has settled what an earlier one left.</summary>
    public bool IsReady { get; private set; }

    public long AvailableMemoryMiB { get; set; } = SimWorld.HostMemoryMiB;

    Task<long> IHostResources.AskAvailableMemoryMiBAsync(long wantedMiB, CancellationToken cancellationToken) => Task.FromResult(AvailableMemoryMiB);

    public Guid NewId() => _world.NewId();

    public void StartDaemon()
    {
        if (IsUp || !IsOn)
            return;
        _world.Trace.Add(Name, "daemon starts");
        var context = _context = new SimContext(_world.Scheduler, Name);
        var registry = new SimRegistry(Name, RegistryLink, _world);
        var logs = new TraceLogs(Name, _world);
        var witness = _witness = new Witness(Name, Journal);
        var domains = _domains = new DomainHost(new HostParts
        {
            Name = Name,
            Hypervisor = new FakeHypervisor(Engine),
            Disks = Disks,
            Network = Network,
            Registry = registry,
            Witness = witness,
            Records = new RecordChanger(registry, witness, Clock, logs.CreateLogger<RecordChanger>())
            {
                ReadsBack = _world.Options.ReadsBack,
                KnowsOwnEpoch = _world.Options.DestroysOnGreaterEpochOnly,
            },
            Journal = Journal,
            BootFiles = new NoBootFiles(),
            Saved = Saved,
            Dialer = new SimDialer(_world, this),
            Resources = this,
            Time = Clock,
            Logs = logs,
            Failpoints = this,
        });
        var watch = new RegistryWatch(registry, witness, _ => Task.FromResult(witness.Report()), Clock);
        context.Post(_ => _ = SettleAsync(context, domains), null);
        context.Post(_ => _ = watch.RunAsync(CancellationToken.None), null);
    }

    /// <summary>SIGKILL to the daemon.</summary>
    public void Crash()
    {
        if (!IsUp)
            return;
        _world.Trace.Add(Name, "daemon crashes");
        _context!.Kill();
        (_domains, IsReady) = (null, false);
        HangUp();
        Engine.LoseDaemon();
        Network.LoseDaemon();
        _world.CutLinesOf(this);
    }

    /// <summary>The plug is pulled: every process ends in the same instant, and what no disk holds is gone.</summary>
    public void LosePower()
    {
        _world.Trace.Add(Name, "power lost");
        IsOn = false;
        Crash();
        foreach (var process in Engine.Processes.ToArray())
            process.Kill("power lost");
        Disks.LosePower();
        Journal.LosePower();
    }

    public void PowerOn()
    {
        IsOn = true;
        StartDaemon();
    }

    /// <summary>SIGSTOP to the daemon; its engines and attachments go on.</summary>
    public void Freeze()
    {
        if (!IsUp)
            return;
        _world.Trace.Add(Name, "daemon stopped");
        _context!.Freeze();
    }

    public void Thaw()
    {
        if (_context is not { Frozen: true, Dead: false })
            return;
        _world.Trace.Add(Name, "daemon goes on");
        _context.Thaw();
    }

    /// <summary>Asks the daemon, in its own context. Never ends when the daemon dies meanwhile.</summary>
    public Task<T> AskAsync<T>(Func<IDomainHost, Task<T>> request)
    {
        if (_domains is not { } domains || !IsUp)
            return Task.FromException<T>(new GodwitException("daemon-down", $"{Name} has no daemon."));
        var answer = new TaskCompletionSource<T>();
        Action hangUp = () => answer.TrySetException(new GodwitException("daemon-down", $"{Name}'s daemon ended."));
        _asked.Add(hangUp);
        _context!.Post(_ => _ = AnswerAsync(), null);
        return answer.Task;

        async Task AnswerAsync()
        {
            try
            {
                answer.TrySetResult(await request(domains));
            }
            catch (Exception e)
            {
                answer.TrySetException(e);
                _ = answer.Task.Exception; // Not everybody who asks wants to know.
            }
            finally
            {
                _asked.Remove(hangUp);
            }
        }
    }

    // Whoever waits for an answer of a daemon that has ended is told.
    private void HangUp()
    {
        foreach (var asked in _asked.ToArray())
            asked();
        _asked.Clear();
    }

    async ValueTask IFailpoints.ReachAsync(string point, string domain, CancellationToken cancellationToken)
    {
        var context = _context!;
        _world.Reached(this, point);
        if (context.Dead)
            await new TaskCompletionSource().Task;
        if (context.Frozen)
            await Task.Yield();
    }

    public void Dispose() => Journal.Dispose();

    private async Task SettleAsync(SimContext context, DomainHost domains)
    {
        try
        {
            await domains.StartAsync(CancellationToken.None);
            await domains.Settled;
            IsReady = !context.Dead;
            _world.Trace.Add(Name, "daemon is ready");
        }
        catch (GodwitException e)
        {
            // It ends with an error, and the service manager starts it again.
            _world.Trace.Add(Name, $"daemon cannot start: {e.Message}");
            Crash();
            _world.After(TimeSpan.FromSeconds(1), StartDaemon);
        }
        catch (Exception e)
        {
            _world.Fail($"{Name}: the daemon's start failed: {e}");
        }
    }
}
