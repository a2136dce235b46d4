using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Godwit.Domains;
using Godwit.Pool.Restoration;
using Microsoft.Data.Sqlite;

namespace Godwit.Pool.Journal;

/// <summary>The journal in a SQLite database of its own, with <c>synchronous=FULL</c>.</summary>
public sealed class SqliteJournal : IJournal, IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly Lock _lock = new();

    private SqliteJournal(SqliteConnection connection) => _connection = connection;

    public static SqliteJournal Open(string path)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
        try
        {
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = """
                PRAGMA journal_mode = WAL;
                PRAGMA synchronous = FULL;
                CREATE TABLE IF NOT EXISTS entry (
                    domain      TEXT NOT NULL,
                    side        INTEGER NOT NULL,
                    relocation  TEXT NOT NULL,
                    source      TEXT NOT NULL,
                    destination TEXT NOT NULL,
                    step        TEXT NOT NULL,
                    copy        TEXT NOT NULL,
                    PRIMARY KEY (domain, side)
                ) STRICT;
                CREATE TABLE IF NOT EXISTS known (
                    domain   TEXT PRIMARY KEY,
                    revision INTEGER NOT NULL,
                    record   TEXT
                ) STRICT;
                """;
            command.ExecuteNonQuery();
            return new SqliteJournal(connection);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    public Task WriteAsync(JournalEntry entry, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Change(() =>
        {
            using var command = _connection.CreateCommand();
            command.CommandText = """
                INSERT OR REPLACE INTO entry (domain, side, relocation, source, destination, step, copy)
                VALUES ($domain, $side, $relocation, $source, $destination, $step, $copy)
                """;
            command.Parameters.AddWithValue("$domain", entry.Domain);
            command.Parameters.AddWithValue("$side", (int)entry.Side);
            command.Parameters.AddWithValue("$relocation", entry.Relocation.ToString());
            command.Parameters.AddWithValue("$source", entry.From);
            command.Parameters.AddWithValue("$destination", entry.To);
            command.Parameters.AddWithValue("$step", entry.Step);
            command.Parameters.AddWithValue("$copy", entry.CopyId.ToString());
            command.ExecuteNonQuery();
        });
        return Task.CompletedTask;
    }

    public Task RemoveAsync(JournalEntry entry, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Change(() =>
        {
            using var command = _connection.CreateCommand();
            command.CommandText = "DELETE FROM entry WHERE domain = $domain AND side = $side AND relocation = $relocation AND copy = $copy";
            command.Parameters.AddWithValue("$domain", entry.Domain);
            command.Parameters.AddWithValue("$side", (int)entry.Side);
            command.Parameters.AddWithValue("$relocation", entry.Relocation.ToString());
            command.Parameters.AddWithValue("$copy", entry.CopyId.ToString());
            command.ExecuteNonQuery();
        });
        return Task.CompletedTask;
    }

    public Task<ImmutableArray<JournalEntry>> ListAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            using var command = _connection.CreateCommand();
            command.CommandText = "SELECT domain, side, relocation, source, destination, step, copy FROM entry ORDER BY domain, side";
            using var reader = command.ExecuteReader();
            var entries = ImmutableArray.CreateBuilder<JournalEntry>();
            while (reader.Read())
            {
                entries.Add(new JournalEntry(
                    reader.GetString(0),
                    (JournalSide)reader.GetInt32(1),
                    Guid.Parse(reader.GetString(2), CultureInfo.InvariantCulture),
                    reader.GetString(3),
                    reader.GetString(4),
                    reader.GetString(5),
                    Guid.Parse(reader.GetString(6), CultureInfo.InvariantCulture)));
            }
            return Task.FromResult(entries.ToImmutable());
        }
    }

    public Task RememberAsync(KnownDomain known, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Change(() =>
        {
            using var command = _connection.CreateCommand();
            command.CommandText = "INSERT OR REPLACE INTO known (domain, revision, record) VALUES ($domain, $revision, $record)";
            command.Parameters.AddWithValue("$domain", known.Name);
            command.Parameters.AddWithValue("$revision", known.Revision);
            command.Parameters.AddWithValue(
                "$record", known.Record is { } record ? JsonSerializer.Serialize(record, PoolJson.Default.DomainRecord) : DBNull.Value);
            command.ExecuteNonQuery();
        });
        return Task.CompletedTask;
    }

    public Task<ImmutableArray<KnownDomain>> ListKnownAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            using var command = _connection.CreateCommand();
            command.CommandText = "SELECT domain, revision, record FROM known ORDER BY domain";
            using var reader = command.ExecuteReader();
            var known = ImmutableArray.CreateBuilder<KnownDomain>();
            while (reader.Read())
            {
                known.Add(new KnownDomain(
                    reader.GetString(0),
                    reader.GetInt64(1),
                    reader.IsDBNull(2) ? null : JsonSerializer.Deserialize(reader.GetString(2), PoolJson.Default.DomainRecord)));
            }
            return Task.FromResult(known.ToImmutable());
        }
    }

    public void Dispose() => _connection.Dispose();

    private void Change(Action change)
    {
        lock (_lock)
        {
            try
            {
                change();
            }
            catch (SqliteException e)
            {
                throw new GodwitException(
                    JournalErrors.Failed, $"The journal {_connection.DataSource} cannot be written: {e.Message}", $"See that there is room: df -h {Path.GetDirectoryName(_connection.DataSource)}", e);
            }
        }
    }
}
