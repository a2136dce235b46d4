using System.Collections.Immutable;
using Godwit.Hypervisors;
using Godwit.Pool;
using Godwit.Pool.Journal;
using Godwit.Storage;

namespace Godwit.Host.Recover;

/// <summary>What a daemon finds on its host when it looks around.</summary>
/// <param name="Entries">What the journal says was begun and not ended.</param>
/// <param name="Copies">Engines of domains.</param>
/// <param name="Attached">Disks that are attached.</param>
/// <param name="Records">All domains of the pool, as the registry showed them.</param>
/// <param name="Saved">Domains whose memory lies in a file here.</param>
internal sealed record Found(
    ImmutableArray<JournalEntry> Entries, ImmutableArray<IDomainCopy> Copies, ImmutableArray<AttachedDisk> Attached, ImmutableArray<DomainRecord> Records,
    ImmutableArray<string> Saved)
{
    public static readonly Found Nothing = new([], [], [], [], []);

    public static async Task<Found> LookAsync(HostParts parts, CancellationToken cancellationToken) => new(
        await parts.Journal.ListAsync(cancellationToken),
        await parts.Hypervisor.FindCopiesAsync(cancellationToken),
        await parts.Disks.FindAsync(cancellationToken),
        await parts.Records.ListAsync(cancellationToken),
        [.. parts.Saved.List()]);

    /// <summary>Domains of which anything is here, or that are this host's.</summary>
    public IReadOnlySet<string> NamesOn(string host) => Copies.Select(copy => copy.Order.Spec.Name)
        .Concat(Attached.Select(disk => disk.Domain))
        .Concat(Entries.Select(entry => entry.Domain))
        .Concat(Saved)
        .Concat(Records.Where(record => record.Owner == host).Select(record => record.Name))
        .ToHashSet(StringComparer.Ordinal);

    public JournalEntry? EntryOf(IDomainCopy copy) => Entries.FirstOrDefault(entry => entry.CopyId == copy.CopyId);

    /// <summary>The disks of a copy in the order of the engine's, by the path that it opened.</summary>
    public ImmutableArray<AttachedDisk> DisksOf(IDomainCopy copy) =>
    [
        .. copy.Order.Disks
            .Select(source => Attached.FirstOrDefault(disk => disk.Path == source.Path))
            .OfType<AttachedDisk>(),
    ];
}
