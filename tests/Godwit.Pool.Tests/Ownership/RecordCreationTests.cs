using Godwit.Domains;
using Godwit.Pool.Embedded;
using Godwit.Pool.Journal;
using Godwit.Pool.Ownership;
using Godwit.Pool.Restoration;
using Microsoft.Extensions.Logging.Abstractions;

namespace Godwit.Pool.Tests.Ownership;

public sealed class RecordCreationTests : IDisposable
{
    private readonly SqliteRegistry _registry = SqliteRegistry.Open(":memory:");
    private readonly SqliteJournal _journal = SqliteJournal.Open(":memory:");
    private readonly RecordChanger _changer;

    public RecordCreationTests() => _changer = new RecordChanger(_registry, new Witness("a", _journal), TimeProvider.System, NullLogger<RecordChanger>.Instance);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _registry.Dispose();
        _journal.Dispose();
    }

    [Fact]
    public async Task ANewRecordGetsAnEpochAndASecondOneOfTheNameIsRefused()
    {
        var first = await _changer.CreateAsync(Records.New(), _ => false, Token);
        var second = await _changer.CreateAsync(Records.New() with { Owner = "b" }, r => r.Owner == "b", Token);
        Assert.True(first.Won);
        Assert.Equal(1, first.Current!.Epoch);
        Assert.False(second.Won);
        Assert.Equal("a", second.Current!.Owner);
    }

    [Fact]
    public async Task ARecordIsRemovedOnlyByThoseWhoseItIs()
    {
        await _changer.CreateAsync(Records.New(), _ => false, Token);
        await _changer.RemoveAsync("vm1", r => r.Owner == "b", Token);
        Assert.NotNull(await _registry.FindAsync("vm1", Token));
        await _changer.RemoveAsync("vm1", r => r.Owner == "a", Token);
        Assert.Null(await _registry.FindAsync("vm1", Token));
        await _changer.RemoveAsync("vm1", _ => true, Token);
    }

    /// <summary>Its writing came late, after the owner had given that relocation up.</summary>
    [Fact]
    public void AnIntentThatTheOwnerGaveUpGivesWayToItsNext()
    {
        var record = Records.New() with { Intent = Records.Intent };
        var next = new RelocationIntent(new Guid("6f0d1f0e-4a3a-4c43-9d8e-000000000005"), "a", "c");
        var begun = Transitions.Begin(record, next, record.Epoch);
        Assert.Equal(next, begun!.Next.Intent);
        Assert.Null(Transitions.Commit(begun.Next, Records.Intent.Id));
        Assert.Null(Transitions.Begin(record, next with { From = "b" }, record.Epoch));
        Assert.Null(Transitions.Begin(record with { Arriving = true }, next, record.Epoch));
    }

    [Fact]
    public void ACrashIsAnArrivalThatTheSourceMayActOn()
    {
        var record = Records.New() with { Arriving = true };
        var crashed = Transitions.Crash(record, "a", record.Epoch)!.Next;
        Assert.Equal((RunState.Crashed, false), (crashed.RunState, crashed.Arriving));
        Assert.Null(Transitions.Crash(record, "b", record.Epoch));
        Assert.Null(Transitions.Crash(record, "a", record.Epoch + 1));
    }
}
