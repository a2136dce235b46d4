using System.Collections.Immutable;
using Godwit.Domains;
using Godwit.Hypervisors;
using Godwit.Hypervisors.Fake;
using Godwit.Pool;
using Godwit.Pool.Restoration;
using Godwit.Simulation.Scheduling;

namespace Godwit.Simulation.World;

/// <summary>A pool of a few hosts with one registry, one or two volumes and one domain, all of it driven by one seed.</summary>
internal sealed class SimWorld : IDisposable
{
    public const string Domain = "vm1";
    public const long HostMemoryMiB = 4096;
    public const int LeastMemoryMiB = 32;
    private const int LongestSkew = 3600;
    private static readonly TimeSpan FenceReports = TimeSpan.FromSeconds(1);

    private static readonly ImmutableArray<LifecycleAction> Reboots =
        [LifecycleAction.Restart, LifecycleAction.Restart, LifecycleAction.Destroy, LifecycleAction.Preserve];

    private readonly List<SimLine> _lines = [];
    private readonly HashSet<(string From, string To)> _split = [];
    private readonly Invariants _invariants;
    private string? _failure;

    public SimWorld(int seed, SimOptions options)
    {
        Options = options;
        Random = new Random(seed);
        Scheduler = new SimScheduler();
        Trace = new Trace(Scheduler, options.Traces);
        Apart = new Random(~seed);
        // A quarter of all domains has a disk on each of two storage hosts.
        ImmutableArray<string> volumes = Random.Next(4) == 0 ? ["vg_a/one", "vg_b/two"] : ["vg_a/one"];
        Spec = MakeSpec(volumes, onCrash: Random.Next(3) == 0 ? LifecycleAction.Destroy : LifecycleAction.Restart,
            onReboot: options.OnReboot ?? Reboots[Apart.Next(Reboots.Length)]);
        Volumes = volumes.ToDictionary(name => name, name => new SimVolume(name, this));
        Store = new SimStore(options, Time);
        Hosts = [.. Enumerable.Range(1, 2 + Random.Next(2)).Select(i => new SimHost(this, $"host-{i}"))];
        Register();
        _invariants = new Invariants(this);
        Scheduler.Observer = () =>
        {
            if ((_failure ?? _invariants.Check()) is { } broken)
                throw new SimulationException(broken);
        };
        After(FenceReports, ReportFences);
    }

    public SimOptions Options { get; }

    public Random Random { get; }

    /// <summary>For what was added to the world later: a plan that once failed draws all else as it did then.</summary>
    public Random Apart { get; }

    public SimScheduler Scheduler { get; }

    public TimeProvider Time => Scheduler.Time;

    public Trace Trace { get; }

    public SimStore Store { get; }

    public IReadOnlyDictionary<string, SimVolume> Volumes { get; }

    public FakeSwitch Switch { get; } = new();

    public ImmutableArray<SimHost> Hosts { get; }

    public DomainSpec Spec { get; }

    /// <summary>The last write of the domain that a disk has carried out.</summary>
    public FakeMemory LastWrite { get; private set; }

    /// <summary>A fault took the only memory, or may have: the domain may start anew, and only then.</summary>
    public bool MayBeCold { get; set; }

    /// <summary>Where somebody let a held copy run, and the memory that had been handed over.</summary>
    public (SimHost Host, FakeMemory Sent)? Strayed { get; set; }

    /// <summary>The guest ended by itself or was ended by a user: there need be no copy.</summary>
    public bool MayBeGone { get; private set; }

    /// <summary>Phases that the machines went through, as <c>source Checking > Beginning</c>.</summary>
    public HashSet<string> Transitions { get; } = [];

    /// <summary>Called when a daemon's relocation comes to a failpoint.</summary>
    public Action<SimHost, string> Reached { get; set; } = static (_, _) => { };

    public static string StorageOf(string volume) => volume == "vg_a/one" ? "storage-1" : "storage-2";

    public SimHost Host(string name) => Hosts.First(host => host.Name == name);

    /// <summary>How far a clock is off, or is set: up to an hour either way.</summary>
    public TimeSpan DrawClock() => TimeSpan.FromSeconds(Apart.Next(-LongestSkew, LongestSkew + 1));

    public Guid NewId()
    {
        Span<byte> bytes = stackalloc byte[16];
        Random.NextBytes(bytes);
        return new Guid(bytes);
    }

    public DomainRecord? Record() => Store.Records.FindAsync(Domain, CancellationToken.None).GetAwaiter().GetResult();

    public SimLine Connect(SimHost from, SimHost to)
    {
        var line = new SimLine(from.Name, to.Name, this);
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
        foreach (var line in _lines.Where(line => line.Joins(one, other)))
            line.Cut(Notice(), Notice());
    }

    /// <summary>What one host sends to another does not arrive; what comes back does, until both notice.</summary>
    public void CutOneWay(SimHost from, SimHost to)
    {
        Trace.Add("net", $"cut {from.Name} > {to.Name}");
        _split.Add((from.Name, to.Name));
        foreach (var line in _lines.Where(line => line.Joins(from, to)))
            line.CutOneWay(from, Notice(), Notice());
    }

    public void CutLinesOf(SimHost host)
    {
        foreach (var line in _lines.Where(l => l.From == host.Name || l.To == host.Name))
            line.Cut(Notice(), Notice());
    }

    public void Join() => _split.Clear();

    public void RestoreRegistry(MarkFate mark)
    {
        Store.Restore(mark);
        _invariants.RegistryRestored(mark);
    }

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

    /// <summary>A daemon that dies between the engine's end and the record's leaves what looks like a crash, and is followed so.</summary>
    public void DomainMayEnd() => (MayBeGone, MayBeCold) = (true, true);

    public void Fail(string what) => _failure ??= what;

    public FakeWriteResult GuestWrites(SimHost host, CopyOrder order, FakeMemory next)
    {
        TakeUpWhatWasSent(host, next);
        var result = host.Disks.Write(order, next);
        // A guest that runs is heard by the switch, except where its address is pinned to another port.
        if (result != FakeWriteResult.Refused && !Hosts.Any(other => other != host && other.Network.Pinned.Count > 0))
            Switch.Heard(order.Spec.Interfaces[0].Mac, host.Name);
        return result;
    }

    // A held copy that somebody let run was the writer until the fence, and the destination, which had committed, goes on from
    // what was sent: the one case in which writes of this guest are followed by older ones.
    private void TakeUpWhatWasSent(SimHost host, FakeMemory next)
    {
        if (Strayed is not { } strayed || strayed.Host == host || next != strayed.Sent with { Counter = strayed.Sent.Counter + 1 })
            return;
        if (Record()?.Owner != host.Name || !host.Disks.Attached.All(host.Disks.MayWrite))
            return;
        Strayed = null;
        GuestBoots();
        LastWrite = strayed.Sent;
    }

    /// <summary>A write is carried out: it must follow the one before it.</summary>
    public void CheckWrite(FakeMemory next)
    {
        if (_invariants.CheckWrite(LastWrite, next) is { } broken)
            Fail(broken);
        if (next.Boot != LastWrite.Boot)
            GuestBoots();
        LastWrite = next;
    }

    /// <summary>A user makes the domain anew: what was lost of the one before does not count any more.</summary>
    public void ExpectNewGuest()
    {
        (MayBeGone, MayBeCold) = (false, false);
        foreach (var volume in Volumes.Values)
            volume.Drain();
        GuestBoots();
        LastWrite = default;
    }

    public void Wrote(string host, DomainRecord record)
    {
        if (Trace.IsOn)
            Trace.Add("registry", $"{host} wrote {SimRegistry.Describe(record)}");
        if (_invariants.CheckRecord(record) is { } broken)
            Fail(broken);
    }

    public void Observe(SimHost host, FakeProcess process, CopyEvent @event)
    {
        if (Trace.IsOn)
            Trace.Add(host.Name, $"engine {process.Id}: {@event.GetType().Name} at {process.Memory.Counter}");
        if (@event is CopyEvent.Resumed && process.Memory.Counter == 0 && process.Memory.Boot != LastWrite.Boot)
            GuestBoots();
        if (@event is CopyEvent.Exited)
            host.Network.PortsGone(process.Ports.Select(port => port.Device));
    }

    private void GuestBoots()
    {
        foreach (var volume in Volumes.Values)
            volume.GuestBoots();
    }

    public void Dispose()
    {
        foreach (var host in Hosts)
            host.Dispose();
        Store.Dispose();
    }

    // The storage hosts have no domains; they tell the registry of their fences, as their daemons do.
    private void ReportFences()
    {
        foreach (var storage in Volumes.Keys.Select(StorageOf))
        {
            var fences = Volumes.Values.Where(volume => StorageOf(volume.Name) == storage)
                .Select(volume => new FenceReport(VolumeName.Parse(volume.Name), volume.Epoch, volume.WriterHost)).ToList();
            Store.Front.ReportAsync(new HostReport { Host = storage, Fences = fences }, CancellationToken.None).GetAwaiter().GetResult();
        }
        After(FenceReports, ReportFences);
    }

    private void Register()
    {
        foreach (var host in Hosts)
            Put(new HostRecord(host.Name, $"{host.Name}:8002", ["compute"], []));
        foreach (var storage in Volumes.Keys.Select(StorageOf))
            Put(new HostRecord(storage, $"{storage}:8002", ["storage"], []));
    }

    private void Put(HostRecord host) => Store.Records.PutHostAsync(host, CancellationToken.None).GetAwaiter().GetResult();

    private static DomainSpec MakeSpec(ImmutableArray<string> volumes, LifecycleAction onCrash, LifecycleAction onReboot) => new()
    {
        Name = Domain,
        Uuid = new Guid("6f0d1f0e-4a3a-4c43-9d8e-000000000001"),
        MemoryMiB = 64,
        MaxMemoryMiB = 64,
        Disks = [.. volumes.Select((volume, i) => new DiskSpec { Target = volume, Backend = DiskBackend.Block, VirtualDevice = $"xvd{(char)('a' + i)}" })],
        Interfaces = [new InterfaceSpec { Mac = new MacAddress(0xaacc00000001) }],
        OnCrash = onCrash,
        OnReboot = onReboot,
    };

    // A reset arrives soon; a silent loss is found out by a keep-alive.
    private TimeSpan Notice() => TimeSpan.FromMilliseconds(Random.Next(2) == 0 ? Random.Next(1, 20) : Random.Next(20, 4000));
}
