using System.Collections.Immutable;
using Godwit.Domains;

namespace Godwit.Pool.Restoration;

/// <summary>
/// What a host knows of the registry's own past: its word against a registry that was restored from an older copy.
/// </summary>
public sealed record HostReport
{
    public required string Host { get; init; }

    /// <summary>The greatest revision that this host has seen.</summary>
    public long HighestRevision { get; init; }

    /// <summary>Domains as this host saw them last: as records, or as removed.</summary>
    public ImmutableArray<KnownDomain> Domains { get; init; } = [];

    /// <summary>Fences of the volumes that this host serves; null: they were not asked.</summary>
    public IReadOnlyList<FenceReport>? Fences { get; init; }
}

/// <summary>A domain as it was seen last.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Revision">Revision of the record, or of the one that was removed.</param>
/// <param name="Record">Null: it was removed.</param>
public sealed record KnownDomain(string Name, long Revision, DomainRecord? Record);

/// <summary>The fence of one volume.</summary>
/// <param name="Volume">The volume.</param>
/// <param name="Epoch">The greatest epoch that it has seen.</param>
/// <param name="Writer">Host that has the writer's role; null: nobody.</param>
public sealed record FenceReport(VolumeName Volume, long Epoch, string? Writer);
