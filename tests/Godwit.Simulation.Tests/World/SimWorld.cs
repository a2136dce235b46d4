using System.Collections.Immutable;
using Godwit.Domains;
using Godwit.Host;
using Godwit.Hypervisors;
using Godwit.Hypervisors.Fake;
using Godwit.Pool;
using Godwit.Pool.Embedded;
using Godwit.Simulation.Tests.Scheduling;

namespace Godwit.Simulation.Tests.World;

/// <summary>What may be switched off to show that its lack is noticed, and how the engines behave.</summary>
internal sealed record SimOptions
{
    public FakeEngineOptions Engine { get; init; } = new();

    /// <summary>The registry compares before it sets.</summary>
    public bool Compares { get; init; } = true;
}

/// <summary>A pool of a few hosts with one registry, one volume and one domain, all of it driven by one seed.</summary>
internal sealed class SimWorld : IHostResources, IDisposable
{
    public const string Domain = "vm1";
    public const string VolumeName = "vg_xen/lv_vm1";

    private readonly List<SimLine> _lines = [];
    private readonly HashSet<(string, string)> _split = [];
    private readonly Invariants _invariants;
    private string? _failure;

    public SimWorld(int seed, int hosts, SimOptions options)
    {
        Options = options;
        Random = new Random(seed);
        Scheduler = new SimScheduler();
        Trace = new Trace(Scheduler);
        Volumes = new Dictionary<string, SimVolume> { [VolumeName] = new(VolumeName) };
        Registry = SqliteRegistry.Open(":memory:");
        Hosts = [.. Enumerable.Range(1, hosts).Select(i => new SimHost(this, $"host-{i}"))];
        foreach (var host in Hosts)
            Registry.PutHostAsync(new HostRecord(host.Name, $"{host.Name}:8002", ["compute"], []), CancellationToken.None).GetAwaiter().GetResult();
        _invariants = new Invariants(this);
        Scheduler.Observer = () =>
        {
            if ((_failure ?? _invariants.Check()) is { } broken)
                throw new SimulationException(broken);
        };
    }

    public SimOptions Options { get; }

    public Random Random { get; }

    public SimScheduler Scheduler { get; }

    public TimeProvider Time => Scheduler.Time;

    public Trace Trace { get; }

    public SqliteRegistry Registry { get; }

    public IReadOnlyDictionary<string, SimVolume> Volumes { get; }

    public SimVolume Volume => Volumes[VolumeName];

    public FakeSwitch Switch { get; } = new();

    public ImmutableArray<SimHost> Hosts { get; }

    /// <summary>The guest ended by itself or its engine was killed: the domain may be gone.</summary>
    public bool GuestLost { get; set; }

    public long AvailableMemoryMiB => 4096;

    public static DomainSpec Spec { get; } = new()
    {
        Name = Domain,
        Uuid = new Guid("6f0d1f0e-4a3a-4c43-9d8e-000000000001"),
        MemoryMiB = 64,
        MaxMemoryMiB = 64,
        Disks = [new DiskSpec { Target = VolumeName, Backend = DiskBackend.Block, VirtualDevice = "xvda" }],
        Interfaces = [new InterfaceSpec { Mac = new MacAddress(0xaacc00000001) }],
    };

    public SimHost Host(string name) => Hosts.First(host => host.Name == name);

    public Guid NewId()
    {
        Span<byte> bytes = stackalloc byte[16];
        Random.NextBytes(bytes);
        return new Guid(bytes);
    }

    public DomainRecord? Record() => Registry.FindAsync(Domain, CancellationToken.None).GetAwaiter().GetResult();

    public SimLink Link(string name, string unavailable) => new(name, unavailable, Time, Random, Scheduler.Root, Trace);

    public SimLine Connect(SimHost from, SimHost to)
    {
        var line = new SimLine(from.Name, to.Name, Time, Random);
        _lines.Add(line);
        return line;
    }

    public bool AreSplit(SimHost one, SimHost other) => _split.Contains((one.Name, other.Name)) || _split.Contains((other.Name, one.Name));

    /// <summary>Cuts every line between two hosts; with <paramref name="split"/> there is no new one either.</summary>
    public void Cut(SimHost one, SimHost other, bool split)
    {
        Trace.Add("net", $"cut {one.Name} {other.Name}");
        if (split)
            _split.Add((one.Name, other.Name));
        foreach (var line in _lines.Where(l => (l.From == one.Name && l.To == other.Name) || (l.From == other.Name && l.To == one.Name)))
            line.Cut(Notice(), Notice());
    }

    public void CutLinesOf(SimHost host)
    {
        foreach (var line in _lines.Where(l => l.From == host.Name || l.To == host.Name))
            line.Cut(Notice(), Notice());
    }

    public void Join() => _split.Clear();

    /// <summary>Does something later, whatever daemons live or die.</summary>
    public void After(TimeSpan delay, Action action)
    {
        ITimer? timer = null;
        timer = Time.CreateTimer(
            _ =>
            {
                timer?.Dispose();
                action();
            },
            null, delay, Timeout.InfiniteTimeSpan);
    }

    public void Fail(string what) => _failure ??= what;

    public FakeWriteResult GuestWrites(SimHost host, CopyOrder order, FakeMemory next)
    {
        var before = Volume.Log.Count > 0 ? Volume.Log[^1] : default;
        var result = host.Disks.Write(order, next);
        if (result == FakeWriteResult.Acknowledged && _invariants.CheckWrite(before, next) is { } broken)
            Fail(broken);
        // A guest that runs is heard by the switch, except where its address is pinned to another port.
        if (result != FakeWriteResult.Refused && !Hosts.Any(other => other != host && other.Network.Pinned.Count > 0))
            Switch.Heard(order.Spec.Interfaces[0].Mac, host.Name);
        return result;
    }

    public void Wrote(string host, DomainRecord record)
    {
        Trace.Add("registry", $"{host} wrote {SimRegistry.Describe(record)}");
        if (_invariants.CheckRecord(record) is { } broken)
            Fail(broken);
    }

    public void Observe(SimHost host, FakeProcess process, CopyEvent @event)
    {
        Trace.Add(host.Name, $"engine {process.Id}: {@event.GetType().Name} at {process.Memory.Counter}");
        if (@event is CopyEvent.Exited)
            host.Network.PortsGone(process.Ports.Select(port => port.Device));
    }

    public void Dispose()
    {
        foreach (var host in Hosts)
            host.Dispose();
        Registry.Dispose();
    }

    // A reset arrives soon; a silent loss is found out by a keep-alive.
    private TimeSpan Notice() => TimeSpan.FromMilliseconds(Random.Next(2) == 0 ? Random.Next(1, 20) : Random.Next(20, 4000));
}
