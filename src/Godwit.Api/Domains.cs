using System.Collections.Immutable;
using Godwit.Domains;

namespace Godwit.Api;

/// <summary>A domain as the API shows it.</summary>
public sealed record DomainInfo
{
    public required string Name { get; init; }

    public required Guid Uuid { get; init; }

    /// <summary>Host that owns it.</summary>
    public required string Host { get; init; }

    public required long Epoch { get; init; }

    public required DomainState State { get; init; }

    /// <summary>Why it is in this state, where that needs saying ("resource-1 does not answer").</summary>
    public string? Reason { get; init; }

    /// <summary>What it waits for before it can be settled or changed, and why; null when for nothing.</summary>
    public string? Waits { get; init; }

    /// <summary>Memory that the guest has now.</summary>
    public required int MemoryMiB { get; init; }

    /// <summary>Most that it can be given while it runs.</summary>
    public int MaxMemoryMiB { get => Math.Max(field, MemoryMiB); init; }

    /// <summary>Processors that the guest uses now.</summary>
    public required int VirtualCpus { get; init; }

    /// <summary>Most of them that it can be given while it runs.</summary>
    public int MaxVirtualCpus { get => Math.Max(field, VirtualCpus); init; }

    /// <summary>Processor time used so far on this host, in seconds.</summary>
    public double CpuSeconds { get; init; }

    /// <summary>Engine and accelerator, such as <c>qemu</c> and <c>tcg</c>.</summary>
    public required string Engine { get; init; }

    public required string Accelerator { get; init; }

    public required string MachineType { get; init; }

    public required string CpuModel { get; init; }

    /// <summary>Process of the engine on its host; null where it is not known.</summary>
    public int? ProcessId { get; init; }

    /// <summary>Relocation under way.</summary>
    public Guid? Migration { get; init; }

    /// <summary>Disks that it writes and that no other host can be kept from writing to, as far as its host knows.</summary>
    public ImmutableArray<string> UnfencedDisks { get; init => field = value.IsDefault ? [] : value; } = [];

    public DomainSpec? Spec { get; init; }

    /// <summary>What its host keeps of it while it is saved; else null.</summary>
    public SavedInfo? Saved { get; init; }
}

/// <summary>The memory of a saved domain, in a file of its host.</summary>
/// <param name="SizeBytes">Length of the file.</param>
/// <param name="At">When it was saved.</param>
/// <param name="Paused">It was paused then, and comes back so.</param>
/// <param name="Stale">A disk has been another's since, and it cannot be restored any more.</param>
public sealed record SavedInfo(long SizeBytes, DateTimeOffset At, bool Paused = false, bool Stale = false);

public sealed record RestoreDomainRequest
{
    /// <summary>Leave it paused where it was saved.</summary>
    public bool Paused { get; init; }
}

/// <summary>What <c>godwit list</c> shows.</summary>
public enum DomainState
{
    Running = 1,
    Paused,

    /// <summary>Being started.</summary>
    Starting,

    /// <summary>Running while it moves.</summary>
    Migrating,

    /// <summary>Stopped by a disk that failed or refused.</summary>
    IoError,
    ShutOff,
    Crashed,

    /// <summary>Its owner does not answer.</summary>
    Unknown,

    /// <summary>Found by a daemon that has just started, and not settled yet.</summary>
    Settling,

    /// <summary>Its memory lies in a file of its host, and nothing of it runs.</summary>
    Saved,

    /// <summary>Its memory is being written to a file; it runs, or stands for that.</summary>
    Saving,

    /// <summary>It is being let go on from the file.</summary>
    Restoring,
}

public sealed record CreateDomainRequest
{
    public required DomainSpec Spec { get; init; }

    /// <summary>Leave it paused before its first instruction.</summary>
    public bool Paused { get; init; }

    /// <summary>Accept disks that no other host can be kept from writing to.</summary>
    public bool Unfenced { get; init; }
}

/// <summary>What can be asked of a domain without more words; each is <c>POST /v1/domains/NAME/VERB</c>.</summary>
public enum DomainVerb
{
    Shutdown = 1,
    Reboot,
    Destroy,
    Pause,
    Unpause,
}

/// <param name="MemoryMiB">What the running guest is to have.</param>
public sealed record SetMemoryRequest(int MemoryMiB);

/// <param name="VirtualCpus">What the running guest is to have.</param>
public sealed record SetVirtualCpusRequest(int VirtualCpus);

public sealed record HostInfo(
    string Name,
    string Address,
    ImmutableArray<string> Roles,
    bool Reachable,
    string Version,
    string? Engine = null,
    string? EngineVersion = null,
    string? Accelerator = null,
    int Domains = 0);

/// <param name="LiesOn">The exported volume that a volume of a shared group lies on, whose address it has.</param>
/// <param name="SharedGroup">The group that lies on it.</param>
public sealed record VolumeInfo(
    string Name, long SizeBytes, string StorageHost, int Shelf, int Slot, string? LiesOn = null, string? SharedGroup = null);

/// <summary>A volume with who uses it.</summary>
/// <param name="Domains">Domains that have it as a disk, wherever they are.</param>
/// <param name="Hosts">Hosts that are attached to it, the writer marked as such.</param>
public sealed record VolumeDetails(
    string Name, long SizeBytes, string StorageHost, int Shelf, int Slot, ImmutableArray<string> Domains, ImmutableArray<string> Hosts,
    string? LiesOn = null, string? SharedGroup = null);

public sealed record CreateVolumeRequest(string Name, long SizeBytes);

/// <summary>Body of every answer that is not a success.</summary>
/// <param name="Code">Stable name of the error in kebab-case.</param>
/// <param name="Message">What is wrong, for a person.</param>
/// <param name="Remedy">What to do about it.</param>
/// <param name="Place">What in the request it is about, such as <c>disk[0]</c>.</param>
public sealed record ApiError(string Code, string Message, string? Remedy = null, string? Place = null);
