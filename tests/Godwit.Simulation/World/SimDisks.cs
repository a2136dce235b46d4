using System.Collections.Immutable;
using Godwit.Domains;
using Godwit.Hypervisors;
using Godwit.Hypervisors.Fake;
using Godwit.Storage;

namespace Godwit.Simulation.World;

/// <summary>An attached disk: it outlives the daemon, as a process of <c>godwit-aoe attach</c> does.</summary>
internal sealed class SimAttachment(AttachedDisk disk, int boot)
{
    public AttachedDisk Disk { get; set; } = disk;

    /// <summary>The start of the target that it has spoken to last.</summary>
    public int Boot { get; set; } = boot;

    /// <summary>Writes that were answered and not flushed since.</summary>
    public List<FakeMemory> Unflushed { get; } = [];
}

/// <summary>The disks of one host.</summary>
internal sealed class SimDisks(string host, SimWorld world, IReadOnlyDictionary<string, SimLink> links) : IDisks
{
    private const int FlushEvery = 5;
    private readonly Dictionary<string, SimAttachment> _attached = [];
    private int _last;

    public IEnumerable<AttachedDisk> Attached => _attached.Values.Select(attachment => attachment.Disk);

    public Task<DiskIdentity> IdentifyAsync(DiskSpec disk, CancellationToken cancellationToken) => links[disk.Target].CallAsync(
        () => new DiskIdentity { Kind = DiskKind.PoolVolume, Name = disk.Target, SizeBytes = 1 << 20, StorageHost = SimWorld.StorageOf(disk.Target) },
        cancellationToken);

    public async Task<AttachedDisk> AttachAsync(string domain, DiskSpec spec, DiskIdentity disk, CancellationToken cancellationToken)
    {
        if (Attached.Any(a => a.Domain == domain && a.Disk.Name == disk.Name))
            throw new GodwitException("already-attached", $"{disk.Name} is attached for {domain} on {host} already.");
        var volume = world.Volumes[disk.Name];
        var session = await links[disk.Name].CallAsync(() => volume.Admit(host), cancellationToken);
        var attached = new AttachedDisk
        {
            Domain = domain,
            Disk = disk,
            ReadOnly = spec.ReadOnly,
            Path = $"{host}/{domain}-{++_last}",
            Session = session,
        };
        _attached.Add(attached.Path, new SimAttachment(attached, volume.Boot));
        world.Trace.Add(host, $"attached {disk.Name} session {session}");
        return attached;
    }

    public Task ReadyAsync(AttachedDisk disk, CancellationToken cancellationToken) => links[disk.Disk.Name].CallAsync(() => 0, cancellationToken);

    public async Task<long> FenceAsync(AttachedDisk disk, long epoch, CancellationToken cancellationToken) => await links[disk.Disk.Name].CallAsync(
        () =>
        {
            world.Trace.Add("storage", $"{host} fences {disk.Disk.Name} epoch {epoch} session {disk.Session}");
            return world.Volumes[disk.Disk.Name].Fence(host, epoch, disk.Session);
        },
        cancellationToken);

    public async Task<AttachedDisk> ReadmitAsync(AttachedDisk disk, CancellationToken cancellationToken)
    {
        var session = await links[disk.Disk.Name].CallAsync(() => world.Volumes[disk.Disk.Name].Admit(host), cancellationToken);
        return _attached[disk.Path].Disk = disk with { Session = session };
    }

    public Task ProbeAsync(AttachedDisk disk, CancellationToken cancellationToken) => links[disk.Disk.Name].CallAsync(() => 0, cancellationToken);

    public Task<AttachedDisk> GrowAsync(AttachedDisk disk, long sizeBytes, CancellationToken cancellationToken) => links[disk.Disk.Name].CallAsync(
        () => disk with { Disk = disk.Disk with { SizeBytes = sizeBytes } }, cancellationToken);

    public Task FlushAsync(AttachedDisk disk, CancellationToken cancellationToken) => links[disk.Disk.Name].CallAsync(
        () =>
        {
            if (_attached.TryGetValue(disk.Path, out var attachment) && MayWrite(attachment.Disk))
                Flush(attachment);
            return 0;
        },
        cancellationToken);

    public async Task DetachAsync(AttachedDisk disk, CancellationToken cancellationToken)
    {
        if (!_attached.Remove(disk.Path, out var attachment))
            return;
        try
        {
            await links[disk.Disk.Name].CallAsync(
                () =>
                {
                    world.Volumes[disk.Disk.Name].Release(host, attachment.Disk.Session);
                    return 0;
                },
                cancellationToken);
        }
        catch (GodwitException)
        {
            // The session is left at the storage, where the next writer's fence supersedes it.
            world.Trace.Add(host, $"session {attachment.Disk.Session} of {disk.Disk.Name} not released");
        }
    }

    public Task<ImmutableArray<AttachedDisk>> FindAsync(CancellationToken cancellationToken) =>
        Task.FromResult<ImmutableArray<AttachedDisk>>([.. Attached]);

    /// <summary>A write of a guest of this host; the engine's process reaches the storage without the daemon.</summary>
    public FakeWriteResult Write(CopyOrder order, FakeMemory next)
    {
        // A guest with two disks uses both in turn.
        if (!_attached.TryGetValue(order.Disks[(int)(next.Counter % order.Disks.Length)].Path, out var attachment))
            return FakeWriteResult.Refused;
        var name = attachment.Disk.Disk.Name;
        if (!links[name].Up)
            return FakeWriteResult.Stalled;
        if (!MayWrite(attachment.Disk))
            return FakeWriteResult.Refused;
        // Carried out before, and asked again by a guest that has not heard of it: the same data, which changes nothing.
        if (world.LastWrite == next)
            return FakeWriteResult.Acknowledged;
        var volume = world.Volumes[name];
        if (volume.Fails)
            return FakeWriteResult.Refused;
        if (volume.IsQueued(next))
            return FakeWriteResult.Stalled;
        Reconnect(attachment, volume);
        if (world.Random.Next(8) == 0)
        {
            volume.Enqueue(attachment, next, TimeSpan.FromTicks(world.Random.NextInt64(TimeSpan.TicksPerMillisecond * 40)));
            return FakeWriteResult.Stalled;
        }
        volume.Execute(attachment, next);
        if (next.Counter % FlushEvery == 0)
            Flush(attachment);
        return FakeWriteResult.Acknowledged;
    }

    /// <summary>The engine has stopped a guest: all of it is on stable storage before it goes on. False: not now.</summary>
    public bool Flush(CopyOrder order)
    {
        foreach (var source in order.Disks)
        {
            if (!_attached.TryGetValue(source.Path, out var attachment) || !MayWrite(attachment.Disk))
                continue; // Superseded: what it had is refused, and nobody waits for it.
            if (!links[attachment.Disk.Disk.Name].Up || world.Volumes[attachment.Disk.Disk.Name].Fails)
                return false;
            Flush(attachment);
        }
        return true;
    }

    /// <summary>Whether the storage would refuse everything this copy asks: it is fenced.</summary>
    public bool IsFenced(CopyOrder order) => order.Disks.Any(source =>
        !_attached.TryGetValue(source.Path, out var attachment) || !world.Volumes[attachment.Disk.Disk.Name].Knows(host, attachment.Disk.Session));

    /// <summary>The copy's attachments can be told that they are superseded.</summary>
    public bool Reaches(CopyOrder order) => order.Disks.All(source =>
        !_attached.TryGetValue(source.Path, out var attachment) || links[attachment.Disk.Disk.Name].Up);

    public bool MayWrite(AttachedDisk disk) => world.Volumes[disk.Disk.Name].MayWrite(host, disk.Session);

    /// <summary>The host's power is gone, and every process of it.</summary>
    public void LosePower() => _attached.Clear();

    private void Flush(SimAttachment attachment)
    {
        var volume = world.Volumes[attachment.Disk.Disk.Name];
        Reconnect(attachment, volume);
        volume.Flush();
        attachment.Unflushed.Clear();
    }

    // The target says with every answer which start of it this is.
    private void Reconnect(SimAttachment attachment, SimVolume volume)
    {
        if (attachment.Boot == volume.Boot)
            return;
        if (world.Options.Replays)
        {
            foreach (var write in attachment.Unflushed)
                volume.Replay(write);
        }
        attachment.Boot = volume.Boot;
    }
}
