using System.Collections.Immutable;
using Godwit.Domains;
using Godwit.Storage.Groups;
using Godwit.Storage.Volumes;
using Godwit.Storage.Volumes.Stores.Lvm;
using Microsoft.Extensions.Logging;

namespace Godwit.Storage.Attachments;

/// <summary>
/// The disks of a host's domains: each is found, and then left to its way of being attached.
/// <code>
///                     ┌─ a device or file of the host ─────────────────────────► PlainPaths
///   DiskFinder ──►────┤
///                     └─ a volume of the pool ──┬─ of a shared group ──────────► GroupAttachments    /dev/vg_san/lv_vm1
///                                               ├─ of this host itself ────────► ProcessAttachments  over a Unix socket
///                                               ├─ [storage] driver, or auto ──► KernelAttachments   /dev/etherd/e0.1
///                                               └─ ────────────────────────────► ProcessAttachments  over the storage network
/// </code>
/// </summary>
public sealed class Disks : IDisks
{
    private readonly DiskFinder _finder;
    private readonly PlainPaths _paths = new();
    private readonly ProcessAttachments _processes;
    private readonly KernelAttachments _kernel;
    private readonly GroupAttachments _groups;
    private readonly DiskDriver _driver;
    private readonly Func<DiskIdentity, bool> _isLocal;

    /// <param name="endpoints">The storage hosts.</param>
    /// <param name="places">Where and how this host attaches disks.</param>
    /// <param name="drawEpoch">Draws an epoch from the pool's counter, for the locks of shared groups.</param>
    /// <param name="time">Clock of the waits.</param>
    /// <param name="log">Takes what happens.</param>
    public Disks(IVolumeEndpoints endpoints, DiskPlaces places, Func<CancellationToken, Task<long>> drawEpoch, TimeProvider time, ILogger<Disks> log)
        : this(endpoints, places, new KernelDriver(places.Interfaces, time, log), drawEpoch, time, log)
    {
    }

    internal Disks(
        IVolumeEndpoints endpoints, DiskPlaces places, IKernelDriver driver, Func<CancellationToken, Task<long>> drawEpoch, TimeProvider time, ILogger<Disks> log)
    {
        var sessions = new VolumeSessions(endpoints, places.Macs, log);
        _finder = new DiskFinder(endpoints);
        _processes = new ProcessAttachments(sessions, places, time, log);
        _kernel = new KernelAttachments(sessions, driver, places, log);
        Groups = new SharedGroups(endpoints, places, driver, new LvmTool(), drawEpoch, time);
        _groups = new GroupAttachments(Groups, Groups.Records, log);
        _driver = places.Driver;
        _isLocal = places.IsLocal;
    }

    /// <summary>The shared groups, as this host has them.</summary>
    public SharedGroups Groups { get; }

    public Task<DiskIdentity> IdentifyAsync(DiskSpec disk, CancellationToken cancellationToken) =>
        _finder.FindAsync(disk, cancellationToken);

    public async Task<AttachedDisk> AttachAsync(string domain, DiskSpec spec, DiskIdentity disk, CancellationToken cancellationToken) =>
        await (await ChooseAsync(disk, cancellationToken)).AttachAsync(domain, spec, disk, cancellationToken);

    public Task ReadyAsync(AttachedDisk disk, CancellationToken cancellationToken) => WayOf(disk).ReadyAsync(disk, cancellationToken);

    public Task<long> FenceAsync(AttachedDisk disk, long epoch, CancellationToken cancellationToken) =>
        WayOf(disk).FenceAsync(disk, epoch, cancellationToken);

    public Task<AttachedDisk> ReadmitAsync(AttachedDisk disk, CancellationToken cancellationToken) =>
        WayOf(disk).ReadmitAsync(disk, cancellationToken);

    public Task ProbeAsync(AttachedDisk disk, CancellationToken cancellationToken) => WayOf(disk).ProbeAsync(disk, cancellationToken);

    public Task FlushAsync(AttachedDisk disk, CancellationToken cancellationToken) => WayOf(disk).FlushAsync(disk, cancellationToken);

    public Task<AttachedDisk> GrowAsync(AttachedDisk disk, long sizeBytes, CancellationToken cancellationToken) =>
        WayOf(disk).GrowAsync(disk, sizeBytes, cancellationToken);

    public Task DetachAsync(AttachedDisk disk, CancellationToken cancellationToken) => WayOf(disk).DetachAsync(disk, cancellationToken);

    public Task<ImmutableArray<AttachedDisk>> FindAsync(CancellationToken cancellationToken) =>
        Task.FromResult<ImmutableArray<AttachedDisk>>([.. _processes.Find(), .. _kernel.Find(), .. _groups.Find()]);

    /// <inheritdoc cref="ProcessAttachments.WatchAsync"/>
    public Task WatchAsync(CancellationToken cancellationToken) => _processes.WatchAsync(cancellationToken);

    private IAttachmentWay WayOf(AttachedDisk disk) => disk.Disk.Kind != DiskKind.PoolVolume
        ? _paths
        : disk.Disk.LiesOn is not null ? _groups : disk.KernelDevice ? _kernel : _processes;

    private async Task<IAttachmentWay> ChooseAsync(DiskIdentity disk, CancellationToken cancellationToken) => disk.Kind != DiskKind.PoolVolume
        ? _paths
        : disk.LiesOn is not null ? _groups
        : _isLocal(disk) ? _processes : _driver switch
        {
            DiskDriver.Kernel => _kernel,
            DiskDriver.Auto when await _kernel.IsThereAsync(cancellationToken) => _kernel,
            _ => _processes,
        };
}
