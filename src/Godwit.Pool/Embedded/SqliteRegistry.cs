using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Godwit.Domains;
using Godwit.Pool.Restoration;
using Microsoft.Data.Sqlite;

namespace Godwit.Pool.Embedded;

/// <summary>
/// The registry in a SQLite database of the daemon that has the registry role. One connection, one caller at a time:
/// a pool changes a handful of records a second, and each change is on stable storage before it is answered
/// (<c>journal_mode=WAL</c>, <c>synchronous=FULL</c>).
/// </summary>
public sealed partial class SqliteRegistry : IRegistry, IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly Lock _lock = new();

    private SqliteRegistry(SqliteConnection connection) => _connection = connection;

    /// <summary>Opens the database at a path, or <c>:memory:</c>, and creates its tables where they lack.</summary>
    public static SqliteRegistry Open(string path)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
        try
        {
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000;" + Schema.Create;
            command.ExecuteNonQuery();
            return new SqliteRegistry(connection);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    public Task<DomainRecord?> FindAsync(string domain, CancellationToken cancellationToken) =>
        Run(() => Find(domain), cancellationToken);

    public Task<ImmutableArray<DomainRecord>> ListAsync(CancellationToken cancellationToken) =>
        Run(() => List(Schema.ListDomains, PoolJson.Default.DomainRecord), cancellationToken);

    public Task<CompareAndSetResult> CompareAndSetAsync(
        DomainRecord next, long expectedRevision, bool drawEpoch, CancellationToken cancellationToken) =>
        Run(() => CompareAndSet(next, expectedRevision, drawEpoch), cancellationToken);

    public Task<CompareAndSetResult> RemoveAsync(string domain, long expectedRevision, CancellationToken cancellationToken) =>
        Run(() =>
        {
            using var transaction = _connection.BeginTransaction(deferred: false);
            var won = Execute(Schema.DeleteDomain, ("$name", domain), ("$expected", expectedRevision)) == 1;
            // A removal is a change as any other: an older copy of this database is to be known by it.
            if (won)
            {
                var revision = Number(Schema.NextRevision);
                // A host may still have a memory of it that a registry which was behind once would take for news.
                if (Number(Schema.HasLost) > 0)
                    Execute(Schema.NoteRemoved, ("$name", domain), ("$revision", revision));
            }
            transaction.Commit();
            return new CompareAndSetResult(won, won ? null : Find(domain));
        }, cancellationToken);

    public Task<long> DrawEpochAsync(CancellationToken cancellationToken) => Run(() => Number(Schema.NextEpoch), cancellationToken);

    public Task<ImmutableArray<HostRecord>> ListHostsAsync(CancellationToken cancellationToken) =>
        Run(() => List(Schema.ListHosts, PoolJson.Default.HostRecord), cancellationToken);

    public Task PutHostAsync(HostRecord host, CancellationToken cancellationToken) =>
        Put(Schema.PutHost, host.Name, JsonSerializer.Serialize(host, PoolJson.Default.HostRecord), cancellationToken);

    public Task<ImmutableArray<VolumeRecord>> ListVolumesAsync(CancellationToken cancellationToken) =>
        Run(() => List(Schema.ListVolumes, PoolJson.Default.VolumeRecord), cancellationToken);

    public Task PutVolumeAsync(VolumeRecord volume, CancellationToken cancellationToken) =>
        Put(Schema.PutVolume, volume.Name.ToString(), JsonSerializer.Serialize(volume, PoolJson.Default.VolumeRecord), cancellationToken);

    public Task RemoveVolumeAsync(VolumeName volume, string storageHost, CancellationToken cancellationToken) =>
        Run(() => Execute(Schema.DeleteVolume, ("$name", volume.ToString()), ("$host", storageHost)), cancellationToken);

    public Task<long> ProbeAsync(CancellationToken cancellationToken) => Run(() => Revision, cancellationToken);

    public void Dispose() => _connection.Dispose();

    private CompareAndSetResult CompareAndSet(DomainRecord next, long expectedRevision, bool drawEpoch)
    {
        using var transaction = _connection.BeginTransaction(deferred: false);
        var written = next with
        {
            Revision = Number(Schema.NextRevision),
            Epoch = drawEpoch ? Number(Schema.NextEpoch) : next.Epoch,
        };
        using var command = Command(
            expectedRevision == 0 ? Schema.InsertDomain : Schema.UpdateDomain,
            ("$name", written.Name),
            ("$revision", written.Revision),
            ("$record", JsonSerializer.Serialize(written, PoolJson.Default.DomainRecord)),
            ("$expected", expectedRevision));
        if (command.ExecuteNonQuery() != 1)
        {
            transaction.Rollback();
            return new CompareAndSetResult(false, Find(next.Name));
        }
        transaction.Commit();
        return new CompareAndSetResult(true, written);
    }

    private DomainRecord? Find(string domain)
    {
        using var command = Command(Schema.FindDomain, ("$name", domain));
        return command.ExecuteScalar() is string record
            ? JsonSerializer.Deserialize(record, PoolJson.Default.DomainRecord)
            : null;
    }

    private ImmutableArray<T> List<T>(string sql, JsonTypeInfo<T> type)
    {
        using var command = Command(sql);
        using var reader = command.ExecuteReader();
        var rows = ImmutableArray.CreateBuilder<T>();
        while (reader.Read())
            rows.Add(JsonSerializer.Deserialize(reader.GetString(0), type)!);
        return rows.ToImmutable();
    }

    private Task<int> Put(string sql, string name, string record, CancellationToken cancellationToken) =>
        Run(() =>
        {
            using var command = Command(sql, ("$name", name), ("$record", record));
            return command.ExecuteNonQuery();
        }, cancellationToken);

    private long Number(string sql, params ReadOnlySpan<(string Name, object Value)> parameters)
    {
        using var command = Command(sql, parameters);
        return (long)command.ExecuteScalar()!;
    }

    private SqliteCommand Command(string sql, params ReadOnlySpan<(string Name, object Value)> parameters)
    {
        var command = _connection.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in parameters)
        {
            if (sql.Contains(name, StringComparison.Ordinal))
                command.Parameters.AddWithValue(name, value);
        }
        return command;
    }

    // SQLite answers in well under a millisecond but for the sync of a commit; a thread hop would cost more.
    private Task<T> Run<T>(Func<T> work, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            try
            {
                return Task.FromResult(work());
            }
            catch (SqliteException e)
            {
                return Task.FromException<T>(new Domains.GodwitException(
                    RegistryErrors.Unavailable,
                    $"The registry's database failed: {e.Message}",
                    "See that its disk has room and is not read-only.",
                    e));
            }
        }
    }
}
