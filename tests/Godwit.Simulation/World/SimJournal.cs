using System.Collections.Immutable;
using Godwit.Domains;
using Godwit.Pool.Journal;
using Godwit.Pool.Restoration;

namespace Godwit.Simulation.World;

/// <summary>
/// The shipped journal on a disk that may be full, in files where a power loss is to come. With the sync of its writes
/// switched off, that throws it back to how it was a while before.
/// </summary>
internal sealed class SimJournal : IJournal, IDisposable
{
    private static readonly TimeSpan Written = TimeSpan.FromSeconds(5);
    private readonly List<Func<Task>> _unsynced = [];
    private readonly SimFiles? _files;
    private readonly SimWorld _world;
    private SqliteJournal _journal;

    public SimJournal(SimWorld world)
    {
        _world = world;
        _files = world.Options.OnFiles ? new SimFiles() : null;
        _journal = SqliteJournal.Open(_files?.DatabasePath ?? ":memory:");
    }

    public bool IsFull { get; set; }

    public Task WriteAsync(JournalEntry entry, CancellationToken cancellationToken) => Change(() => _journal.WriteAsync(entry, CancellationToken.None));

    public Task RemoveAsync(JournalEntry entry, CancellationToken cancellationToken) => Change(() => _journal.RemoveAsync(entry, CancellationToken.None));

    public Task<ImmutableArray<JournalEntry>> ListAsync(CancellationToken cancellationToken)
    {
        Sync();
        return _journal.ListAsync(cancellationToken);
    }

    public Task RememberAsync(KnownDomain known, CancellationToken cancellationToken) => Change(() => _journal.RememberAsync(known, CancellationToken.None));

    public Task<ImmutableArray<KnownDomain>> ListKnownAsync(CancellationToken cancellationToken)
    {
        Sync();
        return _journal.ListKnownAsync(cancellationToken);
    }

    /// <summary>What has not reached the disk is gone.</summary>
    public void LosePower()
    {
        _unsynced.Clear();
        if (_files is null)
            return;
        _files.LosePower(_world.Apart);
        _journal.Dispose();
        _journal = SqliteJournal.Open(_files.DatabasePath);
    }

    public void Dispose()
    {
        _journal.Dispose();
        _files?.Dispose();
    }

    private Task Change(Func<Task> change)
    {
        if (IsFull)
            throw new GodwitException(JournalErrors.Failed, "The journal cannot be written: the disk is full.");
        if (_world.Options.JournalSyncs)
            return change();
        _unsynced.Add(change);
        // The kernel writes it out some time.
        _world.After(Written, () =>
        {
            if (_unsynced.Contains(change))
                Sync();
        });
        return Task.CompletedTask;
    }

    private void Sync()
    {
        foreach (var change in _unsynced)
            change().GetAwaiter().GetResult();
        _unsynced.Clear();
    }
}
