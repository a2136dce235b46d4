using Godwit.Api;
using Godwit.Daemon.Tests.Hosting;
using Godwit.Host;
using Godwit.Pool;

namespace Godwit.Daemon.Tests.Http;

/// <summary>Domains and migrations that wait, and those that no daemon remembers, are seen in every list.</summary>
public sealed class WaitTests : IAsyncLifetime
{
    private readonly TestPool _pool = new();

    public ValueTask InitializeAsync() => _pool.InitializeAsync();

    public ValueTask DisposeAsync() => _pool.DisposeAsync();

    [Fact]
    public async Task What_a_domain_waits_for_is_in_every_list()
    {
        await ForwardingTests.CreateAsync(_pool.First, "waits");
        using var client = _pool.Second.Client();
        var begun = await client.MigrateAsync("waits", new MigrateRequest { Destination = "resource-2" }, default);
        _pool.First.Domains!.Waits = "waits for the registry since 12:00:00: it is away";
        Assert.Equal(_pool.First.Domains.Waits, (await client.GetDomainAsync("waits", default)).Waits);
        Assert.Equal(_pool.First.Domains.Waits, (await client.ListDomainsAsync(default)).Single().Waits);
        Assert.Equal(_pool.First.Domains.Waits, (await client.ListMigrationsAsync(default)).Single().Waits);
        Assert.Equal(_pool.First.Domains.Waits, (await client.GetMigrationAsync(begun.Id, default)).Waits);

        _pool.First.Domains.Activity = DomainActivity.Settling;
        Assert.Equal(DomainState.Settling, (await client.GetDomainAsync("waits", default)).State);
    }

    [Fact]
    public async Task A_migration_that_no_daemon_remembers_is_told_from_the_record()
    {
        await ForwardingTests.CreateAsync(_pool.First, "forgotten");
        var id = Guid.NewGuid();
        await ChangeAsync("forgotten", record => record with { Intent = new RelocationIntent(id, "resource-1", "resource-2") });
        using var client = _pool.Second.Client();
        var told = (await client.ListMigrationsAsync(default)).Single();
        Assert.Equal((id, "forgotten", "resource-1", "resource-2", MigrationInfo.Lost), (told.Id, told.Domain, told.From, told.To, told.Step));
        Assert.Equal("resource-1 has no memory of it and settles it", told.Waits);
        Assert.Equal(default, told.Began);

        await _pool.First.StopAsync();
        told = await client.GetMigrationAsync(id, default);
        Assert.Equal("waits for resource-1, which does not answer; if it will not come back: godwit migration take-over forgotten", told.Waits);
        Assert.Equal(told.Waits, (await client.GetDomainAsync("forgotten", default)).Waits);
        Assert.Equal("no-such-migration", (await Assert.ThrowsAsync<ApiException>(() => client.GetMigrationAsync(Guid.NewGuid(), default))).Code);
    }

    [Fact]
    public async Task A_migration_whose_destination_fell_silent_after_it_took_the_domain_says_so()
    {
        await ForwardingTests.CreateAsync(_pool.First, "taken");
        using var client = _pool.Storage.Client();
        var begun = await client.MigrateAsync("taken", new MigrateRequest { Destination = "resource-2" }, default);
        await ChangeAsync("taken", record => record with
        {
            Owner = "resource-2", Arriving = true, Last = new LastRelocation(begun.Id, "resource-1", "resource-2", RelocationOutcome.Committed),
        });
        Assert.Null((await client.ListMigrationsAsync(default)).Single().Waits);
        await _pool.Second.StopAsync();
        var told = (await client.ListMigrationsAsync(default)).Single();
        Assert.Equal((begun.Id, "check"), (told.Id, told.Step));
        Assert.StartsWith("waits for resource-2, which does not answer", told.Waits, StringComparison.Ordinal);

        // With the source silent as well, the record alone tells of it.
        await _pool.First.StopAsync();
        told = (await client.ListMigrationsAsync(default)).Single();
        Assert.Equal((begun.Id, MigrationInfo.Lost), (told.Id, told.Step));
    }

    [Theory]
    [InlineData(RelocationOutcome.Committed, "completed", true, "on-destination")]
    [InlineData(RelocationOutcome.Aborted, "aborted", false, "on-source")]
    [InlineData(RelocationOutcome.GivenBack, "given-back", false, "on-source")]
    [InlineData(RelocationOutcome.TakenOver, "taken-over", false, null)]
    public async Task How_one_ended_that_no_daemon_remembers_is_told_from_the_record(
        RelocationOutcome outcome, string ending, bool succeeded, string? fate)
    {
        await ForwardingTests.CreateAsync(_pool.First, "moved");
        var id = Guid.NewGuid();
        await ChangeAsync("moved", record => record with { Arriving = false, Last = new LastRelocation(id, "resource-1", "resource-2", outcome) });
        using var client = _pool.Second.Client();
        var told = await client.GetMigrationAsync(id, default);
        Assert.Equal((ending, succeeded, fate), (told.Result!.Ending, told.Result.Succeeded, told.Result.Fate));
        Assert.Equal(id, (await client.ListMigrationsAsync(default)).Single().Id);

        // The one that is under way says more.
        var next = await client.MigrateAsync("moved", new MigrateRequest { Destination = "resource-2" }, default);
        await ChangeAsync("moved", record => record with { Last = record.Last! with { Id = next.Id } });
        Assert.Null((await client.ListMigrationsAsync(default)).Single().Result);
    }

    private async Task ChangeAsync(string name, Func<DomainRecord, DomainRecord> change)
    {
        var record = (await _pool.Storage.Registry.FindAsync(name, default))!;
        Assert.True((await _pool.Storage.Registry.CompareAndSetAsync(change(record), record.Revision, drawEpoch: false, default)).Won);
    }
}
