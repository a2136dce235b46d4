using System.Globalization;
using Godwit.Pool;
using Godwit.Pool.Embedded;
using Godwit.Pool.Restoration;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace Godwit.Simulation.World;

/// <summary>
/// The shipped registry with its SQL, on a database that can be saved, and put back to what was saved.
/// It is in memory, or in files where a power loss is to come.
/// </summary>
internal sealed class SimStore : IDisposable
{
    private static int s_last;
    private readonly SimFiles? _files;
    private string _name;
    private SqliteConnection _holder;
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
        _files = options.OnFiles ? new SimFiles() : null;
        _name = _files?.DatabasePath ?? string.Create(CultureInfo.InvariantCulture, $"file:registry-{Interlocked.Increment(ref s_last)}?mode=memory&cache=shared");
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

    /// <summary>The machine of the registry loses its power and comes back. Its mark is not synced.</summary>
    public void LosePower(Random random)
    {
        var files = _files ?? throw new InvalidOperationException("A registry in memory has no files to lose anything of.");
        files.LosePower(random);
        Close();
        _holder.Dispose();
        _mark.LosePower(random);
        _name = files.DatabasePath;
        _holder = Connect(_name);
        _registry = Open();
    }

    /// <summary>There is a copy of it that somebody may put in its place.</summary>
    public bool HasCopy => _backup is not null;

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
        _files?.Dispose();
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
        private long? _before;

        public long? Revision { get; set; }

        public long? Read() => Revision;

        public void Write(long revision) => (_before, Revision) = (Revision, revision);

        /// <summary>It is as it was, as it was before, or torn and cannot be read.</summary>
        public void LosePower(Random random) => Revision = random.Next(3) switch
        {
            0 => Revision,
            1 => _before,
            _ => null,
        };
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
