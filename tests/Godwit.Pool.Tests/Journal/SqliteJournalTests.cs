using Godwit.Pool.Journal;

namespace Godwit.Pool.Tests.Journal;

public sealed class SqliteJournalTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task AnEntryOutlivesTheDaemonUntilItIsRemoved()
    {
        var path = Path.Combine(Path.GetTempPath(), $"godwit-journal-{Guid.NewGuid():N}.db");
        var entry = new JournalEntry("vm1", JournalSide.Source, Records.Relocation, "a", "b", "begin", Guid.NewGuid());
        try
        {
            using (var journal = SqliteJournal.Open(path))
                await journal.WriteAsync(entry, Token);
            using (var journal = SqliteJournal.Open(path))
            {
                Assert.Equal(entry, Assert.Single(await journal.ListAsync(Token)));
                // An older relocation's end does not remove a later one's entry.
                await journal.RemoveAsync(entry with { Relocation = Guid.Empty }, Token);
                Assert.Single(await journal.ListAsync(Token));
                await journal.RemoveAsync(entry, Token);
                Assert.Empty(await journal.ListAsync(Token));
            }
        }
        finally
        {
            foreach (var file in new[] { path, path + "-wal", path + "-shm" })
                File.Delete(file);
        }
    }
}
