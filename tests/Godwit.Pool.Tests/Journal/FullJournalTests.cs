using System.Globalization;
using Godwit.Domains;
using Godwit.Pool.Journal;
using Godwit.Pool.Restoration;

namespace Godwit.Pool.Tests.Journal;

public sealed class FullJournalTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("godwit-full-").FullName;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string Database => Path.Combine(_folder, "journal.db");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task AFullDiskIsToldWithItsRemedyAndWhatWasWrittenStays()
    {
        var written = new List<JournalEntry>();
        using (var journal = SqliteJournal.Open(Database))
        {
            await journal.RememberAsync(new KnownDomain("vm1", 3, Records.New()), Token);
            FullDisk.Fill(journal);
            var refused = await WriteUntilRefusedAsync(journal, written);
            Assert.Equal(JournalErrors.Failed, refused.Code);
            Assert.Contains($"The journal {Database} cannot be written", refused.Message);
            Assert.Contains("full", refused.Message);
            Assert.Equal($"See that there is room: df -h {_folder}", refused.Remedy);

            Assert.NotEmpty(written);
            Assert.Equal(written.Select(entry => entry.Domain), (await journal.ListAsync(Token)).Select(entry => entry.Domain));
            await Assert.ThrowsAsync<GodwitException>(() => RememberMuchAsync(journal));
            Assert.Equal(3, Assert.Single(await journal.ListKnownAsync(Token), known => known.Name == "vm1").Revision);
            // What is settled can be taken out, and leaves its place to others.
            foreach (var entry in written.Take(written.Count / 2).ToArray())
            {
                await journal.RemoveAsync(entry, Token);
                written.Remove(entry);
            }
        }
        using (var journal = SqliteJournal.Open(Database))
        {
            Assert.Equal(written, await journal.ListAsync(Token));
            Assert.Contains(await journal.ListKnownAsync(Token), known => known is { Name: "vm1", Revision: 3, Record.Owner: "a" });
        }
    }

    [Fact]
    public async Task OnceThereIsRoomItIsWrittenAgainByTheSameDaemon()
    {
        using var journal = SqliteJournal.Open(Database);
        var written = new List<JournalEntry>();
        FullDisk.Fill(journal);
        await WriteUntilRefusedAsync(journal, written);
        FullDisk.MakeRoom(journal);
        await journal.WriteAsync(Entry(written.Count), Token);
        Assert.Equal(written.Count + 1, (await journal.ListAsync(Token)).Length);
    }

    private static async Task<GodwitException> WriteUntilRefusedAsync(SqliteJournal journal, List<JournalEntry> written)
    {
        while (true)
        {
            var entry = Entry(written.Count);
            try
            {
                await journal.WriteAsync(entry, Token);
            }
            catch (GodwitException e)
            {
                return e;
            }
            written.Add(entry);
        }
    }

    private static async Task RememberMuchAsync(SqliteJournal journal)
    {
        for (var i = 0; i < 1000; i++)
            await journal.RememberAsync(new KnownDomain(Name(i) + "-known", i, Records.New()), Token);
    }

    private static JournalEntry Entry(int number) =>
        new(Name(number), JournalSide.Source, Records.Relocation, "a", "b", "begin", new Guid(number, 0, 0, new byte[8]));

    private static string Name(int number) => "vm" + number.ToString("0000", CultureInfo.InvariantCulture);
}
