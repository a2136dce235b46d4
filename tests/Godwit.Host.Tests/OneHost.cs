using System.Collections.Immutable;
using Godwit.Domains;
using Godwit.Host.Create;
using Godwit.Hypervisors.Fake;
using Godwit.Pool.Embedded;
using Godwit.Pool.Journal;
using Godwit.Pool.Ownership;
using Godwit.Pool.Restoration;
using Godwit.Relocation.Channel;
using Godwit.Relocation.Destination;
using Godwit.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace Godwit.Host.Tests;

/// <summary>The parts of a host <c>b</c> that stands alone: a fake engine, disks that are what a test says, and the shipped SQL.</summary>
internal sealed class OneHost : IHostResources, IDisposable
{
    private readonly SqliteRegistry _registry = SqliteRegistry.Open(":memory:");
    private readonly SqliteJournal _journal = SqliteJournal.Open(":memory:");

    // Guests that do nothing by themselves, and so go on for no longer than they are asked to.
    public OneHost() : this(new FakeEngineOptions { GuestTick = TimeSpan.FromDays(1) })
    {
    }

    public OneHost(FakeEngineOptions options)
    {
        Engine = new FakeEngine(TimeProvider.System, options, (_, _) => FakeWriteResult.Acknowledged);
        var witness = new Witness("b", _journal);
        Parts = new HostParts
        {
            Name = "b",
            Hypervisor = new FakeHypervisor(Engine),
            Disks = Disks,
            Network = new FakeGuestNetwork("b", new FakeSwitch()),
            Registry = _registry,
            Witness = witness,
            Records = new RecordChanger(_registry, witness, TimeProvider.System, NullLogger<RecordChanger>.Instance),
            Journal = _journal,
            BootFiles = new NothingElse(),
            Dialer = new NothingElse(),
            Resources = this,
            Time = TimeProvider.System,
            Logs = NullLoggerFactory.Instance,
        };
    }

    public HostParts Parts { get; }

    public FakeEngine Engine { get; }

    public OneDisk Disks { get; } = new();

    public long AvailableMemoryMiB { get; set; } = 1024;

    Task<long> IHostResources.AskAvailableMemoryMiBAsync(CancellationToken cancellationToken) => Task.FromResult(AvailableMemoryMiB);

    public Guid NewId() => Guid.NewGuid();

    public void Dispose()
    {
        _registry.Dispose();
        _journal.Dispose();
    }

    /// <summary>What none of these tests comes to.</summary>
    private sealed class NothingElse : IBootStore, IRelocationDialer
    {
        public Task<string> AddAsync(string path, CancellationToken cancellationToken) => throw new NotSupportedException();

        public string? Find(string digest) => throw new NotSupportedException();

        public IBootFileSink Create(string digest, long length) => throw new NotSupportedException();

        public Task<IRelocationChannel> DialAsync(string host, CancellationToken cancellationToken) => throw new NotSupportedException();
    }
}

/// <summary>Disks that are all of one kind.</summary>
internal sealed class OneDisk : IDisks
{
    public DiskKind Kind { get; set; } = DiskKind.PoolVolume;

    public bool KernelDevice { get; set; }

    public List<AttachedDisk> Attached { get; } = [];

    public Task<DiskIdentity> IdentifyAsync(DiskSpec disk, CancellationToken cancellationToken) =>
        Task.FromResult(new DiskIdentity { Kind = Kind, Name = disk.Target, SizeBytes = 1 << 20 });

    public Task<AttachedDisk> AttachAsync(string domain, DiskSpec spec, DiskIdentity disk, CancellationToken cancellationToken)
    {
        var attached = new AttachedDisk { Domain = domain, Disk = disk, ReadOnly = spec.ReadOnly, Path = disk.Name, KernelDevice = KernelDevice };
        Attached.Add(attached);
        return Task.FromResult(attached);
    }

    public Task ReadyAsync(AttachedDisk disk, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task<long> FenceAsync(AttachedDisk disk, long epoch, CancellationToken cancellationToken) => Task.FromResult(epoch);

    public Task<AttachedDisk> ReadmitAsync(AttachedDisk disk, CancellationToken cancellationToken) => Task.FromResult(disk);

    public Task ProbeAsync(AttachedDisk disk, CancellationToken cancellationToken) => Task.CompletedTask;

    public List<(string Name, long SizeBytes)> Grown { get; } = [];

    public Task<AttachedDisk> GrowAsync(AttachedDisk disk, long sizeBytes, CancellationToken cancellationToken)
    {
        Grown.Add((disk.Disk.Name, sizeBytes));
        return Task.FromResult(disk with { Disk = disk.Disk with { SizeBytes = sizeBytes } });
    }

    public Task FlushAsync(AttachedDisk disk, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task DetachAsync(AttachedDisk disk, CancellationToken cancellationToken)
    {
        Attached.Remove(disk);
        return Task.CompletedTask;
    }

    public Task<ImmutableArray<AttachedDisk>> FindAsync(CancellationToken cancellationToken) => Task.FromResult(Attached.ToImmutableArray());
}
