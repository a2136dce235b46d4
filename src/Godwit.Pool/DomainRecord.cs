using System.Collections.Immutable;
using Godwit.Domains;

namespace Godwit.Pool;

/// <summary>
/// What the registry holds of a domain, and the only place that says who owns it. It is changed by compare-and-set
/// on <see cref="Revision"/> alone.
/// </summary>
public sealed record DomainRecord
{
    public required DomainSpec Spec { get; init; }

    /// <summary>Machine type and CPU model, chosen at creation and never changed.</summary>
    public required HardwarePin Pin { get; init; }

    /// <summary>Kernel and ramdisk by content, so that any host can be given the same.</summary>
    public BootFiles? Boot { get; init; }

    /// <summary>Host that runs it, or is to run it.</summary>
    public required string Owner { get; init; }

    /// <summary>Drawn from the pool's one counter in the transaction that made <see cref="Owner"/> the owner.</summary>
    public long Epoch { get; init; }

    public required RunState RunState { get; init; }

    /// <summary>The owner has the domain by this epoch and has not yet said that it runs there.</summary>
    public bool Arriving { get; init; }

    /// <summary>The relocation that is under way; there is at most one.</summary>
    public RelocationIntent? Intent { get; init; }

    /// <summary>How the last relocation ended; what a lost reply is settled by.</summary>
    public LastRelocation? Last { get; init; }

    /// <summary>What its owner keeps of it while it is <see cref="RunState.Saved"/>; else null.</summary>
    public SavedMemory? Saved { get; init; }

    /// <summary>Grows by one with each change; 0 before the record exists.</summary>
    public long Revision { get; init; }

    public string Name => Spec.Name;
}

/// <summary>Virtual hardware as the driver pinned it; the registry does not look inside.</summary>
public sealed record HardwarePin(string Engine, string Accelerator, string MachineType, string CpuModel);

/// <summary>SHA-256 digests, in lower-case hexadecimal, of what the domain boots from.</summary>
public sealed record BootFiles(string? KernelDigest = null, string? RamdiskDigest = null);

/// <summary>A relocation that has begun and not ended.</summary>
public sealed record RelocationIntent(Guid Id, string From, string To);

/// <summary>A relocation that has ended by one of the design's four compare-and-sets.</summary>
/// <param name="Id">The relocation.</param>
/// <param name="From">Host that gave the domain; it may still hold its memory.</param>
/// <param name="To">Host that was to take it.</param>
/// <param name="Outcome">Which of the four it was.</param>
/// <param name="SilentEpoch">With a take-over: the epoch of the side that was gone; else 0.</param>
public sealed record LastRelocation(Guid Id, string From, string To, RelocationOutcome Outcome, long SilentEpoch = 0);

public enum RelocationOutcome
{
    /// <summary>The destination took the domain.</summary>
    Committed = 1,

    /// <summary>The source kept it.</summary>
    Aborted,

    /// <summary>The destination had committed, never resumed, and returned it.</summary>
    GivenBack,

    /// <summary>A side was gone for good and someone entitled took the domain.</summary>
    TakenOver,
}

/// <summary>The memory of a domain in a file of its owner.</summary>
/// <param name="Id">Tells this file from one of an earlier save.</param>
/// <param name="Epochs">
/// Epochs under which the memory is as young as the disks: that of the save, and those of restores that failed after they had taken the
/// disks, and had found that nobody had had them in between.
/// </param>
/// <param name="SizeBytes">Length of the file.</param>
/// <param name="At">When it was complete.</param>
/// <param name="Paused">A user had paused it.</param>
/// <param name="Stale">A disk was found to have been another's since: the memory is never to be put over it.</param>
public sealed record SavedMemory(Guid Id, ImmutableArray<long> Epochs, long SizeBytes, DateTimeOffset At, bool Paused, bool Stale = false)
{
    /// <summary>Whether what has been the writer of a disk since tells that the disk is younger than this memory.</summary>
    /// <param name="before">Epoch that held the writer's role before the restore that asks.</param>
    public bool IsOlderThan(long before) => before > Epochs.Min() && !Epochs.Contains(before);
}

/// <summary>A host of the pool.</summary>
/// <param name="Name">Its name; the certificate carries the same.</param>
/// <param name="Address">Address and port of its daemon, as in <c>10.9.0.11:8002</c>.</param>
/// <param name="Roles">What it does: <c>compute</c>, <c>storage</c>, <c>registry</c>.</param>
/// <param name="StorageMacs">Ethernet addresses it uses on the storage network.</param>
public sealed record HostRecord(
    string Name,
    string Address,
    ImmutableArray<string> Roles,
    ImmutableArray<MacAddress> StorageMacs);

/// <summary>A volume of the pool and where it is served.</summary>
/// <param name="Name">Its name.</param>
/// <param name="SizeBytes">Its size.</param>
/// <param name="StorageHost">Host that serves it, or the exported volume that it lies on.</param>
/// <param name="Shelf">First part of its ATA-over-Ethernet address, or of that volume's.</param>
/// <param name="Slot">Second part of it.</param>
/// <param name="LiesOn">The exported volume that it lies on, a volume of a shared group; null where it is exported itself.</param>
/// <param name="SharedGroup">Group of volumes that lies on it, which its hosts share; null where none does.</param>
public sealed record VolumeRecord(
    VolumeName Name, long SizeBytes, string StorageHost, int Shelf, int Slot, VolumeName? LiesOn = null, string? SharedGroup = null);
