using System.Collections.Immutable;
using Godwit.Domains;
using Godwit.Storage.Attachments;

namespace Godwit.Storage;

/// <summary>
/// The disks of domains as one host sees them: finding what a configuration names, attaching it, and the writer's
/// role in it. Implementations carry the calls to the storage host that owns the disk.
/// </summary>
public interface IDisks : IAttachmentWay
{
    /// <summary>
    /// Finds what a disk's target names: a block device or file of this host, else a volume of the pool. Refused with
    /// the nearest known name when there is neither.
    /// </summary>
    Task<DiskIdentity> IdentifyAsync(DiskSpec disk, CancellationToken cancellationToken);

    /// <summary>
    /// What is attached on this host, after a restart of the daemon too, whether or not it answers at the moment. It keeps
    /// this host's session until it is detached.
    /// </summary>
    Task<ImmutableArray<AttachedDisk>> FindAsync(CancellationToken cancellationToken);
}

/// <summary>What a disk is, the same seen from every host; compared before a move.</summary>
public sealed record DiskIdentity
{
    public required DiskKind Kind { get; init; }

    /// <summary>Volume as <c>group/volume</c>, the path of a device or file, or a <see cref="NetworkDisk"/>.</summary>
    public required string Name { get; init; }

    /// <summary>0 where only the engine learns it.</summary>
    public required long SizeBytes { get; init; }

    /// <summary>Host that serves the volume; null for devices and files.</summary>
    public string? StorageHost { get; init; }

    /// <summary>ATA-over-Ethernet address of a volume.</summary>
    public int Shelf { get; init; }

    public int Slot { get; init; }

    /// <summary>The exported volume that a volume of a shared group lies on, whose size and address are beside it; null for others.</summary>
    public SharedDevice? LiesOn { get; init; }

    /// <summary>Whether another host can be kept from writing to it.</summary>
    public bool Fenced => Kind == DiskKind.PoolVolume;
}

/// <summary>An exported volume that holds a shared group.</summary>
/// <param name="Name">As <c>group/volume</c>.</param>
/// <param name="SizeBytes">Its size.</param>
public sealed record SharedDevice(string Name, long SizeBytes);

public enum DiskKind
{
    /// <summary>A volume that a storage host of the pool serves.</summary>
    PoolVolume = 1,

    /// <summary>A block device that the host has by other means.</summary>
    BlockDevice,

    /// <summary>A file that this host alone has.</summary>
    File,

    /// <summary>A file of a file system that other hosts have too, such as NFS.</summary>
    SharedFile,

    /// <summary>What the engine reaches over the network by itself: NBD, or RBD of Ceph.</summary>
    Network,
}

/// <summary>A disk made usable on this host for one domain.</summary>
public sealed record AttachedDisk
{
    public required string Domain { get; init; }

    public required DiskIdentity Disk { get; init; }

    public required bool ReadOnly { get; init; }

    /// <summary>Path that an engine opens: a socket that speaks NBD for volumes that a process serves, else the device or file.</summary>
    public required string Path { get; init; }

    /// <summary>
    /// Whether the kernel's driver serves a volume, as a block device. Nobody tells the engine then that another host has become
    /// the writer but the target, when it is asked for something: the daemon has to look.
    /// </summary>
    public bool KernelDevice { get; init; }

    /// <summary>
    /// Where the engine that opens the disk has to take the order to pause: it comes when another host has become the
    /// disk's writer, whether or not a daemon runs then. Null where nobody gives it.
    /// </summary>
    public string? StopSocket { get; init; }

    /// <summary>Session under which the storage knows this stay; 0 where the disk has no fence.</summary>
    public int Session { get; init; }

    /// <summary>The format the guest's data has inside.</summary>
    public DiskFormat Format { get; init; } = DiskFormat.Raw;
}

/// <summary>Stable codes of a refused fence.</summary>
public static class FenceRefusal
{
    public const string StaleEpoch = "stale-epoch";
    public const string NotAdmitted = "not-admitted";

    /// <summary>Sectors are not those that the disk is fenced by.</summary>
    public const string RangeConflict = "range-conflict";

    /// <summary>Another host has the role, and it was to be taken from nobody.</summary>
    public const string RangeTaken = "range-taken";
}
