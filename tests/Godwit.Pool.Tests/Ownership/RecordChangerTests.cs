using System.Collections.Immutable;
using Godwit.Domains;
using Godwit.Pool.Embedded;
using Godwit.Pool.Journal;
using Godwit.Pool.Ownership;
using Godwit.Pool.Restoration;
using Microsoft.Extensions.Logging.Abstractions;

namespace Godwit.Pool.Tests.Ownership;

public sealed class RecordChangerTests : IDisposable
{
    private readonly FlakyRegistry _registry = new(SqliteRegistry.Open(":memory:"));

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private readonly SqliteJournal _journal = SqliteJournal.Open(":memory:");

    public void Dispose()
    {
        _registry.Inner.Dispose();
        _journal.Dispose();
    }

    [Theory]
    [InlineData(Fault.LostBefore)]
    [InlineData(Fault.LostAfter)]
    public async Task ALostReplyIsSettledByReadingTheRecord(Fault fault)
    {
        await _registry.CompareAndSetAsync(Records.New(), 0, true, Token);
        var changer = Changer();
        _registry.Next = fault;
        var record = await changer.ChangeAsync(
            "vm1", r => r.RunState == RunState.Paused, r => Transitions.SetRunState(r, "a", r.Epoch, RunState.Paused), Token);
        Assert.Equal(RunState.Paused, record!.RunState);
        // Carried out once: a second change would have drawn another revision.
        Assert.Equal(fault == Fault.LostAfter ? 1 : 2, _registry.Changes - 1);
    }

    [Fact]
    public async Task WhoeverComesSecondLosesAndKnowsIt()
    {
        var created = await _registry.CompareAndSetAsync(Records.New() with { Intent = Records.Intent }, 0, true, Token);
        var changer = Changer();
        Assert.NotNull(await changer.ChangeAsync(
            "vm1", r => r.Last?.Outcome == RelocationOutcome.Committed, r => Transitions.Commit(r, Records.Relocation), Token));
        Assert.Null(await changer.ChangeAsync(
            "vm1", r => r.Last?.Outcome == RelocationOutcome.Aborted, r => Transitions.Abort(r, Records.Relocation, handedOver: false), Token));
        Assert.True((await _registry.FindAsync("vm1", Token))!.Epoch > created.Current!.Epoch);
    }

    [Fact]
    public async Task ARecordThatIsGoneCannotBeChanged() =>
        Assert.Null(await Changer().ChangeAsync("none", _ => false, r => new Transition(r), Token));

    private RecordChanger Changer() => new(_registry, new Witness("a", _journal), TimeProvider.System, NullLogger<RecordChanger>.Instance);

    public enum Fault
    {
        None,
        LostBefore,
        LostAfter,
    }

    /// <summary>Loses one reply, before or after the change was carried out.</summary>
    private sealed class FlakyRegistry(SqliteRegistry inner) : IRegistry
    {
        public SqliteRegistry Inner => inner;

        public Fault Next { get; set; }

        public int Changes { get; private set; }

        public async Task<CompareAndSetResult> CompareAndSetAsync(DomainRecord next, long expectedRevision, bool drawEpoch, CancellationToken cancellationToken)
        {
            var (fault, _) = (Next, Next = Fault.None);
            Changes++;
            if (fault == Fault.LostBefore)
                throw new IOException("lost");
            var result = await inner.CompareAndSetAsync(next, expectedRevision, drawEpoch, cancellationToken);
            return fault == Fault.LostAfter ? throw new IOException("lost") : result;
        }

        public Task<DomainRecord?> FindAsync(string domain, CancellationToken cancellationToken) => inner.FindAsync(domain, cancellationToken);

        public Task<ImmutableArray<DomainRecord>> ListAsync(CancellationToken cancellationToken) => inner.ListAsync(cancellationToken);

        public Task<CompareAndSetResult> RemoveAsync(string domain, long expectedRevision, CancellationToken cancellationToken) =>
            inner.RemoveAsync(domain, expectedRevision, cancellationToken);

        public Task<long> DrawEpochAsync(CancellationToken cancellationToken) => inner.DrawEpochAsync(cancellationToken);

        public Task<ImmutableArray<HostRecord>> ListHostsAsync(CancellationToken cancellationToken) => inner.ListHostsAsync(cancellationToken);

        public Task PutHostAsync(HostRecord host, CancellationToken cancellationToken) => inner.PutHostAsync(host, cancellationToken);

        public Task<ImmutableArray<VolumeRecord>> ListVolumesAsync(CancellationToken cancellationToken) => inner.ListVolumesAsync(cancellationToken);

        public Task PutVolumeAsync(VolumeRecord volume, CancellationToken cancellationToken) => inner.PutVolumeAsync(volume, cancellationToken);

        public Task RemoveVolumeAsync(VolumeName volume, string storageHost, CancellationToken cancellationToken) =>
            inner.RemoveVolumeAsync(volume, storageHost, cancellationToken);

        public Task<ImmutableArray<string>> ReportAsync(HostReport report, CancellationToken cancellationToken) =>
            inner.ReportAsync(report, cancellationToken);

        public Task<long> ProbeAsync(CancellationToken cancellationToken) => inner.ProbeAsync(cancellationToken);
    }
}
