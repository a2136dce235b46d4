using System.Collections.Immutable;
using Godwit.Domains;

namespace Godwit.Hypervisors;

/// <summary>
/// An engine of one host, seen by everything above it. What differs between engines stays behind this contract; what
/// must hold for all of them stands in its comments and is what <c>Fake/</c> simulates.
/// </summary>
public interface IHypervisor
{
    EngineFacts Facts { get; }

    /// <summary>
    /// Chooses what must never change for the life of the domain: versioned machine type and explicit CPU model.
    /// </summary>
    /// <exception cref="GodwitException">This host does not have what the specification asks for.</exception>
    EnginePin Pin(DomainSpec spec);

    /// <summary>
    /// Why a host, which this one's driver speaks for, cannot run a machine type that is not among its own, and what would help;
    /// null where there is no more to say than that it does not know it.
    /// </summary>
    GodwitException? ExplainLack(string domain, string host, string machineType) => null;

    /// <summary>The guest's name of its disk number <paramref name="index"/>, such as <c>vda</c>.</summary>
    string NameDisk(int index);

    /// <summary>
    /// Starts a domain from cold. On success the guest is paused before its first instruction: whoever calls has
    /// still to let it run with <see cref="IDomainCopy.ContinueAsync"/>. On failure nothing is left of it.
    /// </summary>
    Task<IDomainCopy> StartAsync(CopyOrder order, CancellationToken cancellationToken);

    /// <summary>
    /// Makes an empty receiver for a domain's memory. It is paused and stays so after it has loaded. It opens the
    /// disks but writes nothing to them before <see cref="IDomainCopy.ContinueAsync"/>.
    /// </summary>
    Task<IDomainCopy> PrepareReceiverAsync(CopyOrder order, CancellationToken cancellationToken);

    /// <summary>Copies that outlived the daemon that started them, connected to again.</summary>
    Task<ImmutableArray<IDomainCopy>> FindCopiesAsync(CancellationToken cancellationToken);
}

/// <summary>What an engine is on this host.</summary>
/// <param name="Engine">Name of the engine, such as <c>qemu</c>; domains move between equal ones only.</param>
/// <param name="Version">Version of the engine as it reports it.</param>
/// <param name="Accelerator">How guest code is executed: <c>kvm</c>, <c>tcg</c>, <c>xen</c>.</param>
/// <param name="MachineTypes">Versioned machine types that it can run.</param>
/// <param name="CpuModels">CPU models that it can run.</param>
public sealed record EngineFacts(
    string Engine,
    string Version,
    string Accelerator,
    ImmutableArray<string> MachineTypes,
    ImmutableArray<string> CpuModels)
{
    /// <summary>Whether a running domain's memory and processors can be changed.</summary>
    public bool Resizes { get; init; }
}

/// <summary>The part of a domain's virtual hardware that is chosen once, at creation, and then kept everywhere.</summary>
public sealed record EnginePin(string Engine, string Accelerator, string MachineType, string CpuModel);

/// <summary>All that an engine needs to make a copy of a domain.</summary>
public sealed record CopyOrder
{
    public required DomainSpec Spec { get; init; }

    public required EnginePin Pin { get; init; }

    /// <summary>Tells this copy from earlier and later ones of the same domain on this host.</summary>
    public required Guid CopyId { get; init; }

    /// <summary>Kernel and ramdisk as files of this host; null when the domain boots from its disk.</summary>
    public string? KernelPath { get; init; }

    public string? RamdiskPath { get; init; }

    /// <summary>The disks in the order of <see cref="DomainSpec.Disks"/>.</summary>
    public required ImmutableArray<DiskSource> Disks { get; init; }
}

/// <summary>A disk as this host's engine opens it.</summary>
/// <param name="Kind">What <paramref name="Path"/> is.</param>
/// <param name="Path">Path of the socket, device or file.</param>
/// <param name="ReadOnly">The guest may not write to it.</param>
public sealed record DiskSource(DiskSourceKind Kind, string Path, bool ReadOnly)
{
    /// <summary>
    /// Where the engine is to take the order to pause from whoever serves the disk, when another host has become its
    /// writer; apart from the daemon, which may be dead then. Null where the disk has nobody who would give it. An engine
    /// that cannot take it stops at the disk's next refusal.
    /// </summary>
    public string? StopSocket { get; init; }
}

public enum DiskSourceKind
{
    /// <summary>An NBD export with the empty name on a Unix socket.</summary>
    NbdSocket = 1,
    BlockDevice,
    RawFile,
    Qcow2File,

    /// <summary>A file that other hosts have too: not by the page cache of this one.</summary>
    SharedRawFile,
    SharedQcow2File,

    /// <summary>A <see cref="NetworkDisk"/> in place of a path.</summary>
    Network,
}
