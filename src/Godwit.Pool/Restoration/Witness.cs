using System.Collections.Concurrent;
using System.Collections.Immutable;
using Godwit.Pool.Journal;

namespace Godwit.Pool.Restoration;

/// <summary>
/// What this host has seen of the registry. It tells a registry that is behind from one that is merely young, and is
/// what such a registry catches up from. Domains that this host owns are kept in its journal as well, so that a restart
/// forgets none of them.
/// </summary>
public sealed class Witness(string host, IJournal journal)
{
    private readonly ConcurrentDictionary<string, KnownDomain> _seen = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, long> _own = new(StringComparer.Ordinal);
    private long _highest;

    public string Host => host;

    /// <summary>Greatest revision of any record that this host has seen.</summary>
    public long HighestRevision => Interlocked.Read(ref _highest);

    /// <summary>Reads what an earlier daemon of this host knew.</summary>
    public async Task LoadAsync(CancellationToken cancellationToken)
    {
        foreach (var known in await journal.ListKnownAsync(cancellationToken))
            Keep(known);
    }

    /// <summary>Takes note of a record that the registry has just shown or written.</summary>
    public void See(DomainRecord record) => Keep(new KnownDomain(record.Name, record.Revision, record));

    /// <summary>Takes note of a record of this host's own domain, for the daemons to come too.</summary>
    public Task RememberAsync(DomainRecord record, CancellationToken cancellationToken)
    {
        See(record);
        return journal.RememberAsync(new KnownDomain(record.Name, record.Revision, record), cancellationToken);
    }

    /// <summary>Takes note that this host removed a record.</summary>
    public Task RememberRemovedAsync(DomainRecord record, CancellationToken cancellationToken)
    {
        var removed = new KnownDomain(record.Name, record.Revision, null);
        _seen[record.Name] = removed;
        return journal.RememberAsync(removed, cancellationToken);
    }

    /// <summary>Whether the registry shows less than this host has seen already.</summary>
    public bool Contradicts(string domain, DomainRecord? shown) =>
        _seen.TryGetValue(domain, out var known) && known.Record is not null && (shown is null || shown.Revision < known.Revision);

    /// <summary>The registry has heard this host's report and stands by what it shows.</summary>
    public void Accept(string domain, DomainRecord? shown)
    {
        if (shown is null)
            _seen.TryRemove(domain, out _);
        else
            _seen[domain] = new KnownDomain(domain, shown.Revision, shown);
    }

    /// <summary>Greatest epoch under which this host has owned a domain, whatever the registry has shown since; 0: never.</summary>
    public long OwnEpoch(string domain) => _own.GetValueOrDefault(domain);

    public HostReport Report(IReadOnlyList<FenceReport>? fences = null) => new()
    {
        Host = host,
        HighestRevision = HighestRevision,
        Domains = [.. _seen.Values.OrderBy(known => known.Name, StringComparer.Ordinal)],
        Fences = fences,
    };

    private void Keep(KnownDomain known)
    {
        _seen.AddOrUpdate(known.Name, known, (_, old) => old.Revision > known.Revision ? old : known);
        if (known.Record is { } record && record.Owner == host)
            _own.AddOrUpdate(known.Name, record.Epoch, (_, old) => Math.Max(old, record.Epoch));
        var highest = Interlocked.Read(ref _highest);
        while (known.Revision > highest && Interlocked.CompareExchange(ref _highest, known.Revision, highest) is var other && other != highest)
            highest = other;
    }
}
