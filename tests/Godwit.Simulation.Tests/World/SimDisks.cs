using System.Collections.Immutable;
using Godwit.Domains;
using Godwit.Hypervisors;
using Godwit.Hypervisors.Fake;
using Godwit.Storage;

namespace Godwit.Simulation.Tests.World;

/// <summary>
/// The disks of one host. Attachments outlive the daemon, as the processes of <c>godwit-aoe attach</c> do.
/// </summary>
internal sealed class SimDisks(string host, IReadOnlyDictionary<string, SimVolume> volumes, SimLink link, Trace trace) : IDisks
{
    private readonly Dictionary<string, AttachedDisk> _attached = [];
    private int _last;

    public IReadOnlyCollection<AttachedDisk> Attached => _attached.Values;

    public Task<DiskIdentity> IdentifyAsync(DiskSpec disk, CancellationToken cancellationToken) => link.CallAsync(
        () => volumes.TryGetValue(disk.Target, out var volume)
            ? new DiskIdentity { Kind = DiskKind.PoolVolume, Name = volume.Name, SizeBytes = 1 << 20, StorageHost = "storage" }
            : throw new GodwitException("no-such-disk", $"There is no {disk.Target}."),
        cancellationToken);

    public async Task<AttachedDisk> AttachAsync(string domain, DiskSpec spec, DiskIdentity disk, CancellationToken cancellationToken)
    {
        if (_attached.Values.Any(a => a.Domain == domain && a.Disk.Name == disk.Name))
            throw new GodwitException("already-attached", $"{disk.Name} is attached for {domain} on {host} already.");
        var session = await link.CallAsync(() => volumes[disk.Name].Admit(host), cancellationToken);
        var attached = new AttachedDisk
        {
            Domain = domain,
            Disk = disk,
            ReadOnly = spec.ReadOnly,
            Path = $"{host}/{domain}-{++_last}",
            Session = session,
        };
        _attached.Add(attached.Path, attached);
        trace.Add(host, $"attached {disk.Name} session {session}");
        return attached;
    }

    public Task ReadyAsync(AttachedDisk disk, CancellationToken cancellationToken) => link.CallAsync(() => 0, cancellationToken);

    public async Task<long> FenceAsync(AttachedDisk disk, long epoch, CancellationToken cancellationToken) => await link.CallAsync(
        () =>
        {
            trace.Add("storage", $"{host} fences {disk.Disk.Name} epoch {epoch} session {disk.Session}");
            return volumes[disk.Disk.Name].Fence(epoch, disk.Session);
        },
        cancellationToken);

    public async Task<AttachedDisk> ReadmitAsync(AttachedDisk disk, CancellationToken cancellationToken)
    {
        var session = await link.CallAsync(() => volumes[disk.Disk.Name].Admit(host), cancellationToken);
        return _attached[disk.Path] = disk with { Session = session };
    }

    public Task ProbeAsync(AttachedDisk disk, CancellationToken cancellationToken) => link.CallAsync(() => 0, cancellationToken);

    public Task FlushAsync(AttachedDisk disk, CancellationToken cancellationToken) => link.CallAsync(() => 0, cancellationToken);

    public async Task DetachAsync(AttachedDisk disk, CancellationToken cancellationToken)
    {
        if (!_attached.Remove(disk.Path, out var attached))
            return;
        try
        {
            await link.CallAsync(
                () =>
                {
                    volumes[disk.Disk.Name].Release(attached.Session);
                    return 0;
                },
                cancellationToken);
        }
        catch (GodwitException)
        {
            // The session is left at the storage, where the next writer's fence supersedes it.
            trace.Add(host, $"session {attached.Session} of {disk.Disk.Name} not released");
        }
    }

    public Task<ImmutableArray<AttachedDisk>> FindAsync(CancellationToken cancellationToken) =>
        Task.FromResult<ImmutableArray<AttachedDisk>>([.. _attached.Values]);

    /// <summary>A write of a guest of this host; the engine's process reaches the storage without the daemon.</summary>
    public FakeWriteResult Write(CopyOrder order, FakeMemory next)
    {
        if (!link.Up)
            return FakeWriteResult.Stalled;
        return _attached.TryGetValue(order.Disks[0].Path, out var disk)
            ? volumes[disk.Disk.Name].Write(disk.Session, next)
            : FakeWriteResult.Refused;
    }

    /// <summary>Whether the storage would refuse everything this copy asks: it is fenced.</summary>
    public bool IsFenced(CopyOrder order) =>
        !_attached.TryGetValue(order.Disks[0].Path, out var disk) || !volumes[disk.Disk.Name].Knows(disk.Session);

    public bool MayWrite(AttachedDisk disk) => volumes[disk.Disk.Name].MayWrite(disk.Session);
}
