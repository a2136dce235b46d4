using Godwit.Domains;
using Godwit.Pool.Embedded;
using Godwit.Pool.Journal;
using Godwit.Pool.Ownership;
using Godwit.Pool.Restoration;
using Microsoft.Extensions.Logging.Abstractions;

namespace Godwit.Pool.Tests.Restoration;

/// <summary>A pool of the hosts a, b and storage, whose registry is put back to what it was at some moment.</summary>
public sealed class GuardedRegistryTests : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("godwit-restore-").FullName;
    private readonly Dictionary<string, Witness> _witnesses = [];
    private readonly List<SqliteJournal> _journals = [];
    private readonly SetTime _time = new();
    private FileRegistryMark _mark = null!;
    private GuardedRegistry _registry = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string Database => Path.Combine(_folder, "registry.db");

    private string Backup => Path.Combine(_folder, "backup.db");

    public async ValueTask InitializeAsync()
    {
        Open();
        foreach (var (host, role) in new[] { ("a", "compute"), ("b", "compute"), ("storage", "storage") })
            await _registry.PutHostAsync(new HostRecord(host, $"{host}:8002", [role], []), Token);
    }

    public ValueTask DisposeAsync()
    {
        _registry.Dispose();
        foreach (var journal in _journals)
            journal.Dispose();
        Directory.Delete(_folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task ARestoredRegistrySaysNothingUntilEveryHostHasReportedAndThenKnowsTheOwner()
    {
        await CreateAsync("a");
        BackUp();
        var moved = await MoveToBAsync();
        Restore();

        Assert.Equal(RegistryErrors.Behind, (await Assert.ThrowsAsync<GodwitException>(() => _registry.FindAsync("vm1", Token))).Code);
        Assert.Equal(["b", "storage"], await ReportAsync("a"));
        // Without its fences a storage host has not reported.
        Assert.Equal(["b", "storage"], await ReportAsync("storage"));
        Assert.Equal(["storage"], await ReportAsync("b"));
        Assert.Empty(await ReportAsync("storage", new FenceReport(Volume, moved.Epoch, "b")));

        var record = (await _registry.FindAsync("vm1", Token))!;
        Assert.Equal(("b", moved.Epoch, moved.Revision), (record.Owner, record.Epoch, record.Revision));
        var next = await _registry.CompareAndSetAsync(record with { Arriving = true }, record.Revision, drawEpoch: true, Token);
        Assert.True(next.Won && next.Current!.Epoch > moved.Epoch && next.Current.Revision > moved.Revision);
    }

    [Fact]
    public async Task WhereTheOwnerIsGoneTheFencesOfItsDisksTellOfIt()
    {
        await CreateAsync("a");
        BackUp();
        var moved = await MoveToBAsync();
        _witnesses.Remove("a");
        Restore();

        await ReportAsync("a");
        await ReportAsync("storage", new FenceReport(Volume, moved.Epoch, "b"));
        // A person says that b is gone for good.
        Assert.Empty(await _registry.ReportAsync(new HostReport { Host = "b", Fences = [] }, Token));

        var record = (await _registry.FindAsync("vm1", Token))!;
        Assert.Equal(("b", moved.Epoch), (record.Owner, record.Epoch));
    }

    [Fact]
    public async Task ADomainThatWasRemovedDoesNotComeBack()
    {
        await CreateAsync("a");
        BackUp();
        await Changer("a").RemoveAsync("vm1", _ => true, Token);
        await Changer("a").CreateAsync(New("vm2", "a"), _ => true, Token);
        Restore();
        await EverybodyReportsAsync();

        Assert.Equal(["vm2"], (await _registry.ListAsync(Token)).Select(record => record.Name));
    }

    [Fact]
    public async Task ARestoreThatLeavesNoMarkIsNoticedByTheMarkThatLacks()
    {
        await CreateAsync("a");
        BackUp();
        Restore(keepMark: false);
        Assert.Equal(RegistryErrors.Behind, (await Assert.ThrowsAsync<GodwitException>(() => _registry.ProbeAsync(Token))).Code);
        await EverybodyReportsAsync();
        await _registry.ProbeAsync(Token);
    }

    [Fact]
    public async Task ARestoreThatTheMarkDoesNotShowIsNoticedByWhoeverHasSeenMore()
    {
        await CreateAsync("a");
        BackUp();
        await MoveToBAsync();
        Restore(markRevision: 1);

        Assert.Equal(["a", "storage"], await ReportAsync("b"));
        // No patience lets it serve now.
        _time.Pass(TimeSpan.FromMinutes(1));
        Assert.Equal(RegistryErrors.Behind, (await Assert.ThrowsAsync<GodwitException>(() => _registry.ProbeAsync(Token))).Code);
    }

    [Fact]
    public async Task OneThatHasJustStartedHearsItsHostsBeforeItServes()
    {
        var created = await CreateAsync("a");
        _registry.Dispose();
        Open();

        Assert.Equal(RegistryErrors.Behind, (await Assert.ThrowsAsync<GodwitException>(() => _registry.FindAsync("vm1", Token))).Code);
        await EverybodyReportsAsync();
        Assert.Equal(created.Revision, await _registry.ProbeAsync(Token));
    }

    [Fact]
    public async Task OneThatHasJustStartedDoesNotWaitForAHostThatIsDown()
    {
        await CreateAsync("a");
        _registry.Dispose();
        Open();
        await ReportAsync("a");
        _time.Pass(TimeSpan.FromSeconds(9));
        Assert.Equal(RegistryErrors.Behind, (await Assert.ThrowsAsync<GodwitException>(() => _registry.ProbeAsync(Token))).Code);
        _time.Pass(TimeSpan.FromSeconds(1));
        await _registry.ProbeAsync(Token);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public async Task AClockThatIsSetMeanwhileChangesNothingOfItsPatience(int hours)
    {
        await CreateAsync("a");
        _registry.Dispose();
        Open();
        _time.ClockAhead = TimeSpan.FromHours(hours);
        Assert.Equal(RegistryErrors.Behind, (await Assert.ThrowsAsync<GodwitException>(() => _registry.ProbeAsync(Token))).Code);
        _time.Pass(TimeSpan.FromSeconds(10));
        await _registry.ProbeAsync(Token);
    }

    [Fact]
    public async Task ItIsBehindStillWhenItIsStartedAgainInBetween()
    {
        await CreateAsync("a");
        BackUp();
        await MoveToBAsync();
        Restore(markRevision: 1);
        await ReportAsync("b");
        _registry.Dispose();
        Open();
        Assert.Equal(RegistryErrors.Behind, (await Assert.ThrowsAsync<GodwitException>(() => _registry.ProbeAsync(Token))).Code);
    }

    [Fact]
    public async Task AnOldMemoryIsNoNewsToARegistryThatWentOn()
    {
        await CreateAsync("a");
        var stale = new HostReport { Host = "a", HighestRevision = 1, Domains = [new KnownDomain("vm1", 1, (await _registry.FindAsync("vm1", Token))!)] };
        await MoveToBAsync();
        await Changer("b").RemoveAsync("vm1", _ => true, Token);

        Assert.Empty(await _registry.ReportAsync(stale, Token));
        Assert.Null(await _registry.FindAsync("vm1", Token));
    }

    [Fact]
    public async Task AHostThatTheBackupDidNotKnowIsHeardWheneverItComes()
    {
        BackUp();
        await CreateAsync("a");
        Restore();
        foreach (var host in new[] { "b", "storage" })
            await ReportAsync(host, new FenceReport(Volume, 0, null));
        await _registry.ReportAsync(new HostReport { Host = "a" }, Token);
        Assert.Null(await _registry.FindAsync("vm1", Token));

        await ReportAsync("a");
        Assert.NotNull(await _registry.FindAsync("vm1", Token));
    }

    [Fact]
    public async Task AHostTellsARegistryThatShowsLessThanItHasSeen()
    {
        var created = await CreateAsync("a");
        BackUp();
        var moved = await MoveToBAsync();
        Restore(markRevision: created.Revision);

        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        var reading = Changer("b").ReadAsync("vm1", limit.Token);
        while (Changer("b").Waiting.Count == 0 && !limit.IsCancellationRequested && !reading.IsCompleted)
            await Task.Delay(10, Token);
        await ReportAsync("a");
        await ReportAsync("storage", new FenceReport(Volume, moved.Epoch, "b"));
        Assert.Equal("b", (await reading)!.Owner);
    }

    private static VolumeName Volume { get; } = VolumeName.Parse("vg/vm1");

    private static DomainRecord New(string name, string owner) => Records.New() with
    {
        Owner = owner,
        Epoch = 0,
        Spec = Records.New().Spec with { Name = name, Disks = [new DiskSpec { Target = $"vg/{name}", Backend = DiskBackend.Block, VirtualDevice = "xvda" }] },
    };

    private async Task<DomainRecord> CreateAsync(string owner) =>
        (await Changer(owner).CreateAsync(New("vm1", owner), _ => true, Token)).Current!;

    private async Task<DomainRecord> MoveToBAsync()
    {
        await Changer("a").ChangeAsync("vm1", _ => false, r => r.Intent is null ? new Transition(r with { Intent = Records.Intent }) : null, Token);
        var committed = await Changer("b").ChangeAsync("vm1", _ => false, r => Transitions.Commit(r, Records.Relocation), Token);
        if (committed is null)
            committed = await Changer("b").ReadAsync("vm1", Token);
        return (await Changer("b").ChangeAsync(
            "vm1", r => !r.Arriving, r => Transitions.Arrive(r, "b", r.Epoch), Token))!;
    }

    private readonly Dictionary<string, RecordChanger> _changers = [];

    private RecordChanger Changer(string host) => _changers.TryGetValue(host, out var changer)
        ? changer
        : _changers[host] = new RecordChanger(_registry, WitnessOf(host), TimeProvider.System, NullLogger<RecordChanger>.Instance);

    private Witness WitnessOf(string host)
    {
        if (_witnesses.TryGetValue(host, out var witness))
            return witness;
        _journals.Add(SqliteJournal.Open(":memory:"));
        return _witnesses[host] = new Witness(host, _journals[^1]);
    }

    private Task<System.Collections.Immutable.ImmutableArray<string>> ReportAsync(string host, params FenceReport[] fences) =>
        _registry.ReportAsync(WitnessOf(host).Report(fences is [] ? null : fences), Token);

    private async Task EverybodyReportsAsync()
    {
        await ReportAsync("a");
        await ReportAsync("b");
        await ReportAsync("storage", new FenceReport(Volume, 0, null));
    }

    private void Open()
    {
        _mark = new FileRegistryMark(Path.Combine(_folder, "registry.mark"));
        _registry = new GuardedRegistry(SqliteRegistry.Open(Database), _mark, _time, NullLogger<GuardedRegistry>.Instance);
    }

    private void BackUp()
    {
        using var from = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={Database};Pooling=False");
        using var to = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={Backup};Pooling=False");
        from.Open();
        to.Open();
        from.BackupDatabase(to);
    }

    private void Restore(bool keepMark = true, long? markRevision = null)
    {
        if (markRevision is { } revision)
            _mark.Write(revision);
        _registry.Dispose();
        _changers.Clear();
        foreach (var file in Directory.GetFiles(_folder, "registry.db*"))
            File.Delete(file);
        File.Copy(Backup, Database);
        if (!keepMark)
            File.Delete(Path.Combine(_folder, "registry.mark"));
        Open();
    }

    /// <summary>Time that passes when a test says so, beside a wall clock that may be set.</summary>
    private sealed class SetTime : TimeProvider
    {
        private TimeSpan _passed;

        public TimeSpan ClockAhead { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public void Pass(TimeSpan time) => _passed += time;

        public override long GetTimestamp() => _passed.Ticks;

        public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch.AddDays(1) + _passed + ClockAhead;
    }
}
