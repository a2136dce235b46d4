using System.Collections.Immutable;
using Godwit.Domains;
using Godwit.Hypervisors;

namespace Godwit.Relocation.Protocol;

/// <summary>All that a destination needs to judge whether it can take a domain, and to make a receiver for it.</summary>
public sealed record RelocationOffer
{
    public required Guid RelocationId { get; init; }

    public required string From { get; init; }

    public required string To { get; init; }

    public required DomainSpec Spec { get; init; }

    public required EnginePin Pin { get; init; }

    /// <summary>Version of the source's engine, for the message where it does not fit.</summary>
    public required string EngineVersion { get; init; }

    /// <summary>Epoch under which the source owns the domain.</summary>
    public required long Epoch { get; init; }

    /// <summary>It arrives as it left: running, or paused by a user.</summary>
    public required RunState RunState { get; init; }

    /// <summary>The disks as the source identified them, in the order of the specification.</summary>
    public required ImmutableArray<OfferedDisk> Disks { get; init; }

    /// <summary>SHA-256 of kernel and ramdisk in lower-case hexadecimal; null where there is none.</summary>
    public string? KernelDigest { get; init; }

    public string? RamdiskDigest { get; init; }

    /// <summary>The source's clock when the offer was made; the destination says in its log where its own is far from it.</summary>
    public required DateTimeOffset Now { get; init; }
}

/// <summary>Identity of a disk, to be compared with what the destination finds under the same name.</summary>
public sealed record OfferedDisk(string Name, long SizeBytes, bool Shared);
