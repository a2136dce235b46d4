using System.Globalization;
using Godwit.Pool;
using Godwit.Pool.Embedded;
using Godwit.Pool.Restoration;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace Godwit.Simulation.World;

/// <summary>
/// The shipped registry with its SQL, on a database in memory that can be saved, and put back to what was saved.
/// </summary>
internal sealed class SimStore : IDisposable
{
    private static int s_last;
    private readonly string _name = string.Create(CultureInfo.InvariantCulture, $"file:registry-{Interlocked.Increment(ref s_last)}?mode=memory&cache=shared");
    private readonly SqliteConnection _holder;
    private readonly SimMark _mark = new();
    private readonly SimOptions _options;
    private readonly TimeProvider _time;
    private SqliteConnection? _backup;
    private long? _savedMark;
    private SqliteRegistry _registry;
    private GuardedRegistry? _guard;

    public SimStore(SimOptions options, TimeProvider time)
    {
        (_options, _time) = (options, time);
        _holder = Connect(_name);
        _registry = Open();
    }

    /// <summary>What hosts speak to.</summary>
    public IRegistry Front => _guard is null ? _registry : _guard;

    /// <summary>The database itself, for whoever looks at the world from outside.</summary>
    public SqliteRegistry Records => _registry;

    /// <summary>Revision of its last change; null while it does not serve; without its guard it always serves.</summary>
    public long? Revision => Front.ProbeAsync(CancellationToken.None) is { IsCompletedSuccessfully: true, Result: var revision } ? revision : null;

    /// <summary>The registry's process ends and another begins.</summary>
    public void Restart()
    {
        Close();
        _registry = Open();
    }

    public void Save()
    {
        _backup?.Dispose();
        _backup = Connect(":memory:");
        _holder.BackupDatabase(_backup);
        _savedMark = _mark.Revision;
    }

    /// <summary>Somebody puts the saved copy in place; what becomes of the file that says how far it had come is another matter.</summary>
    public void Restore(MarkFate mark)
    {
        if (_backup is null)
            return;
        Close();
        _backup.BackupDatabase(_holder);
        _mark.Revision = mark switch
        {
            MarkFate.Lost => null,
            MarkFate.Restored => _savedMark,
            _ => _mark.Revision,
        };
        _registry = Open();
    }

    public void Dispose()
    {
        Close();
        _backup?.Dispose();
        _holder.Dispose();
    }

    private SqliteRegistry Open()
    {
        var registry = SqliteRegistry.Open(_name);
        _guard = _options switch
        {
            { Guarded: false } => null,
            { Listens: false } => new GuardedRegistry(registry, _mark, _time, NullLogger<GuardedRegistry>.Instance) { Patience = TimeSpan.Zero },
            _ => new GuardedRegistry(registry, _mark, _time, NullLogger<GuardedRegistry>.Instance),
        };
        return registry;
    }

    private void Close()
    {
        if (_guard is null)
            _registry.Dispose();
        else
            _guard.Dispose();
    }

    private static SqliteConnection Connect(string name)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = name, Pooling = false }.ToString());
        connection.Open();
        return connection;
    }

    private sealed class SimMark : IRegistryMark
    {
        public long? Revision { get; set; }

        public long? Read() => Revision;

        public void Write(long revision) => Revision = revision;
    }
}

/// <summary>What becomes of the mark when its database is put back.</summary>
internal enum MarkFate
{
    Kept = 1,
    Lost,

    /// <summary>The whole directory was saved and restored.</summary>
    Restored,
}
