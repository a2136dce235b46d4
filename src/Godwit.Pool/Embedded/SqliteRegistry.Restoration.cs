using System.Collections.Immutable;
using System.Text.Json;
using Godwit.Pool.Restoration;

namespace Godwit.Pool.Embedded;

/// <summary>
/// What a database that was restored from an older copy takes from the hosts' reports. Revisions that the lost one had
/// given out are kept as ranges: a report of one of them is news, however late it comes, and a report of any other is a
/// memory that the registry itself has gone beyond.
/// </summary>
public sealed partial class SqliteRegistry
{
    internal long Revision => Read(() => Number(Schema.Revision));

    internal long Epoch => Read(() => Number(Schema.Epoch));

    /// <summary>It has begun to catch up and not ended.</summary>
    internal bool IsBehind => Read(() => Number(Schema.IsBehind)) > 0;

    public Task<ImmutableArray<string>> ReportAsync(HostReport report, CancellationToken cancellationToken) =>
        Run<ImmutableArray<string>>(() =>
        {
            Adopt(report);
            return [];
        }, cancellationToken);

    internal void OpenLostRange() => Read(() => Execute(Schema.OpenLostRange));

    /// <param name="unseen">How many further revisions and epochs may have been given out and seen by nobody that is left.</param>
    internal void CloseLostRange(long unseen) => Read(() =>
    {
        using var transaction = _connection.BeginTransaction(deferred: false);
        Execute(Schema.SkipUnseen, ("$value", unseen));
        Execute(Schema.CloseLostRange);
        transaction.Commit();
        return true;
    });

    internal ImmutableArray<DomainRecord> Records() => Read(() => List(Schema.ListDomains, PoolJson.Default.DomainRecord));

    /// <summary>Writes a record as it is, but for a revision of its own.</summary>
    internal void Put(DomainRecord record) => Read(() =>
    {
        using var transaction = _connection.BeginTransaction(deferred: false);
        Write(record with { Revision = Number(Schema.NextRevision) });
        transaction.Commit();
        return true;
    });

    /// <summary>Takes what is news in a report.</summary>
    internal void Adopt(HostReport report) => Read(() =>
    {
        using var transaction = _connection.BeginTransaction(deferred: false);
        // A revision is never given out twice: whoever removed this one removed it for good.
        foreach (var removed in report.Domains.Where(known => known.Record is null))
        {
            Execute(Schema.RemoveDomain, ("$name", removed.Name), ("$revision", removed.Revision));
            Execute(Schema.NoteRemoved, ("$name", removed.Name), ("$revision", removed.Revision));
        }
        foreach (var known in report.Domains.Where(known => Number(Schema.IsLost, ("$revision", known.Revision)) > 0))
        {
            if (known.Record is { } record && Number(Schema.WasRemoved, ("$name", known.Name), ("$revision", known.Revision)) == 0 && (Find(known.Name) is not { } there || (record.Epoch, record.Revision).CompareTo((there.Epoch, there.Revision)) > 0))
                Write(record);
            Execute(Schema.RaiseRevision, ("$value", known.Revision));
            Execute(Schema.RaiseEpoch, ("$value", known.Record?.Epoch ?? 0));
        }
        if (Number(Schema.IsBehind) > 0)
            Execute(Schema.RaiseRevision, ("$value", report.HighestRevision));
        foreach (var fence in report.Fences ?? [])
            Execute(Schema.RaiseEpoch, ("$value", fence.Epoch));
        transaction.Commit();
        return true;
    });

    private void Write(DomainRecord record) => Execute(
        Schema.PutDomain, ("$name", record.Name), ("$revision", record.Revision),
        ("$record", JsonSerializer.Serialize(record, PoolJson.Default.DomainRecord)));

    private int Execute(string sql, params ReadOnlySpan<(string Name, object Value)> parameters)
    {
        using var command = Command(sql, parameters);
        return command.ExecuteNonQuery();
    }

    private T Read<T>(Func<T> work)
    {
        lock (_lock)
            return work();
    }
}
