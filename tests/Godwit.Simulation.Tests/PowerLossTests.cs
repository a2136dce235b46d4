using Godwit.Pool.Journal;
using Godwit.Simulation.World;

namespace Godwit.Simulation.Tests;

/// <summary>A database of which the last write was torn has all that was answered, and nothing of what was not.</summary>
public class PowerLossTests
{
    [Fact]
    public async Task WhatWasWrittenIsThereWhateverIsTornBehindIt()
    {
        using var files = new SimFiles();
        for (var seed = 0; seed < 50; seed++)
        {
            using (var journal = SqliteJournal.Open(files.DatabasePath))
            {
                Assert.Equal(seed, (await journal.ListAsync(CancellationToken.None)).Length);
                await journal.WriteAsync(Entry(seed), CancellationToken.None);
                files.LosePower(new Random(seed));
            }
        }
    }

    private static JournalEntry Entry(int number) => new(
        $"vm{number}", JournalSide.Source, new Guid(number, 0, 0, new byte[8]), "host-1", "host-2", "begin", new Guid(number, 1, 0, new byte[8]));
}
