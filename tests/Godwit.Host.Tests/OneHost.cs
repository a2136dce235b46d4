using System.Collections.Immutable;
using Godwit.Domains;
using Godwit.Aoe.Control;
using Godwit.Aoe.Target;
using Godwit.Host.Create;
using Godwit.Host.Save;
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
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("gwh-");

    // Guests that do nothing by themselves, and so go on for no longer than they are asked to.
    public OneHost() : this(TimeSpan.FromDays(1))
    {
    }

    /// <param name="guestTick">How often guests count.</param>
    public OneHost(TimeSpan guestTick) : this(new FakeEngineOptions { GuestTick = guestTick })
    {
    }

    public OneHost(FakeEngineOptions options)
    {
        Engine = new FakeEngine(TimeProvider.System, options, (_, _) => Writes);
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
            Saved = new SavedFiles(SavedDirectory),
            Dialer = new NothingElse(),
            Resources = this,
            Time = TimeProvider.System,
            Logs = NullLoggerFactory.Instance,
        };
    }

    public HostParts Parts { get; }

    public string SavedDirectory => Path.Combine(_directory.FullName, "saved");

    public FakeEngine Engine { get; }

    /// <summary>What the writes of guests meet.</summary>
    public FakeWriteResult Writes { get; set; } = FakeWriteResult.Acknowledged;

    public OneDisk Disks { get; } = new();

    public long AvailableMemoryMiB { get; set; } = 1024;

    Task<long> IHostResources.AskAvailableMemoryMiBAsync(long wantedMiB, CancellationToken cancellationToken) => Task.FromResult(AvailableMemoryMiB);

    public Guid NewId() => Guid.NewGuid();

    public void Dispose()
    {
        _registry.Dispose();
        _journal.Dispose();
        _directory.Delete(recursive: true);
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

/// <summary>Disks that are all of one kind, with the target's own rules of sessions and fence.</summary>
internal sealed class OneDisk : IDisks
{
    private readonly Dictionary<string, FenceState> _fences = [];

    /// <summary>What a flush fails with.</summary>
    public Exception? FailsToFlush { get; set; }

    /// <summary>What the look for attached disks fails with, once.</summary>
    public Exception? FailsToFind { get; set; }

    /// <summary>What a detachment fails with, once.</summary>
    public Exception? FailsToDetach { get; set; }

    /// <summary>What fences fail with after they were carried out, once.</summary>
    public Exception? LosesFenceAnswer { get; set; }

    /// <summary>Another host becomes the writer of a disk.</summary>
    public void TakeFor(string host, string name, long epoch)
    {
        var (state, session) = FenceRules.Admit(_fences[name], host, []);
        _fences[name] = FenceRules.Fence(state, host, epoch, session).State;
    }

    public DiskKind Kind { get; set; } = DiskKind.PoolVolume;

    public bool KernelDevice { get; set; }

    public List<AttachedDisk> Attached { get; } = [];

    public Task<DiskIdentity> IdentifyAsync(DiskSpec disk, CancellationToken cancellationToken) =>
        Task.FromResult(new DiskIdentity { Kind = Kind, Name = disk.Target, SizeBytes = 1 << 20 });

    public Task<AttachedDisk> AttachAsync(string domain, DiskSpec spec, DiskIdentity disk, CancellationToken cancellationToken)
    {
        var (state, session) = FenceRules.Admit(_fences.GetValueOrDefault(disk.Name) ?? FenceState.New(0), "b", []);
        _fences[disk.Name] = state;
        var attached = new AttachedDisk { Domain = domain, Disk = disk, ReadOnly = spec.ReadOnly, Path = disk.Name, KernelDevice = KernelDevice, Session = session };
        Attached.Add(attached);
        return Task.FromResult(attached);
    }

    public Task ReadyAsync(AttachedDisk disk, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task<long> FenceAsync(AttachedDisk disk, long epoch, CancellationToken cancellationToken)
    {
        if (!disk.Disk.Fenced || disk.ReadOnly)
            return Task.FromResult(epoch);
        try
        {
            (_fences[disk.Disk.Name], var answer) = FenceRules.Fence(_fences[disk.Disk.Name], "b", epoch, disk.Session);
            if (LosesFenceAnswer is not { } lost)
                return Task.FromResult(answer.PreviousEpoch);
            LosesFenceAnswer = null;
            return Task.FromException<long>(lost);
        }
        catch (AoeControlException e)
        {
            return Task.FromException<long>(new GodwitException(e.Code == AoeControlCode.StaleEpoch ? FenceRefusal.StaleEpoch : FenceRefusal.NotAdmitted, e.Message));
        }
    }

    public Task<AttachedDisk> ReadmitAsync(AttachedDisk disk, CancellationToken cancellationToken) => Task.FromResult(disk);

    public Task ProbeAsync(AttachedDisk disk, CancellationToken cancellationToken) => Task.CompletedTask;

    public List<(string Name, long SizeBytes)> Grown { get; } = [];

    public Task<AttachedDisk> GrowAsync(AttachedDisk disk, long sizeBytes, CancellationToken cancellationToken)
    {
        Grown.Add((disk.Disk.Name, sizeBytes));
        return Task.FromResult(disk with { Disk = disk.Disk with { SizeBytes = sizeBytes } });
    }

    public Task FlushAsync(AttachedDisk disk, CancellationToken cancellationToken) => FailsToFlush is { } failure ? Task.FromException(failure) : Task.CompletedTask;

    public Task DetachAsync(AttachedDisk disk, CancellationToken cancellationToken)
    {
        if (FailsToDetach is { } failure)
        {
            FailsToDetach = null;
            return Task.FromException(failure);
        }
        Attached.Remove(disk);
        _fences[disk.Disk.Name] = FenceRules.Release(_fences[disk.Disk.Name], "b", disk.Session);
        return Task.CompletedTask;
    }

    public Task<ImmutableArray<AttachedDisk>> FindAsync(CancellationToken cancellationToken)
    {
        if (FailsToFind is not { } failure)
            return Task.FromResult(Attached.ToImmutableArray());
        FailsToFind = null;
        return Task.FromException<ImmutableArray<AttachedDisk>>(failure);
    }
}
