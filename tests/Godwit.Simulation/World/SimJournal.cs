using System.Collections.Immutable;
using Godwit.Domains;
using Godwit.Pool.Journal;
using Godwit.Pool.Restoration;

namespace Godwit.Simulation.World;

/// <summary>
/// The shipped journal on a disk that may be full. With the sync of its writes switched off, a power loss throws it back
/// to how it was a while before.
/// </summary>
internal sealed class SimJournal(SimWorld world) : IJournal, IDisposable
{
    private static readonly TimeSpan Written = TimeSpan.FromSeconds(5);
    private readonly SqliteJournal _journal = SqliteJournal.Open(":memory:");
    private readonly List<Func<Task>> _unsynced = [];

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
    public void LosePower() => _unsynced.Clear();

    public void Dispose() => _journal.Dispose();

    private Task Change(Func<Task> change)
    {
        if (IsFull)
            throw new GodwitException(JournalErrors.Failed, "The journal cannot be written: the disk is full.");
        if (world.Options.JournalSyncs)
            return change();
        _unsynced.Add(change);
        // The kernel writes it out some time.
        world.After(Written, () =>
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
