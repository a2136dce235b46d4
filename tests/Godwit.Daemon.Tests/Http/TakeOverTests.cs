using System.Net;
using Godwit.Api;
using Godwit.Daemon.Tests.Hosting;
using Godwit.Domains;
using Godwit.Pool;

namespace Godwit.Daemon.Tests.Http;

/// <summary>Domains whose owner is gone for good, given to another host by a person.</summary>
public sealed class TakeOverTests : IAsyncLifetime
{
    private readonly TestPool _pool = new();

    public ValueTask InitializeAsync() => _pool.InitializeAsync();

    public ValueTask DisposeAsync() => _pool.DisposeAsync();

    [Fact]
    public async Task While_the_owner_answers_it_is_refused_without_force()
    {
        await ForwardingTests.CreateAsync(_pool.First, "kept");
        using var client = _pool.Second.Client();
        var e = await Assert.ThrowsAsync<ApiException>(() => client.TakeOverAsync("kept", new TakeOverRequest(), default));
        Assert.Equal(("owner-answers", HttpStatusCode.Conflict), (e.Code, e.Status!.Value));
        Assert.Contains("godwit migrate kept resource-2", e.Remedy, StringComparison.Ordinal);
        Assert.Contains("--force", e.Remedy, StringComparison.Ordinal);
        Assert.Empty(_pool.Second.Domains!.Asked);

        Assert.Equal(new TakeOverInfo("kept", "resource-1", "resource-2"), await client.TakeOverAsync("kept", new TakeOverRequest { Force = true }, default));
        Assert.Equal(["take-over kept"], _pool.Second.Domains!.Asked);
        var audit = await File.ReadAllTextAsync(_pool.Second.AuditPath);
        Assert.Contains("\"path\":\"/v1/domains/kept/take-over\",\"status\":409,\"error\":\"owner-answers\"", audit, StringComparison.Ordinal);
        Assert.Contains("\"path\":\"/v1/domains/kept/take-over\",\"status\":202", audit, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_asked_host_takes_a_domain_whose_owner_is_gone()
    {
        await ForwardingTests.CreateAsync(_pool.First, "lost");
        await _pool.First.StopAsync();
        using var storage = _pool.Storage.Client();
        Assert.Equal("no-compute-role", (await Assert.ThrowsAsync<ApiException>(() => storage.TakeOverAsync("lost", new TakeOverRequest(), default))).Code);
        using var chosen = _pool.Storage.Client("resource-2");
        Assert.Equal("resource-2", (await chosen.TakeOverAsync("lost", new TakeOverRequest(), default)).Host);
        Assert.Equal(["take-over lost"], _pool.Second.Domains!.Asked);
        Assert.Equal("no-such-domain", (await Assert.ThrowsAsync<ApiException>(() => chosen.TakeOverAsync("lots", new TakeOverRequest(), default))).Code);
    }

    [Fact]
    public async Task Without_a_choice_the_host_with_the_memory_takes_it()
    {
        await ForwardingTests.CreateAsync(_pool.First, "held");
        await ChangeAsync("held", record => record with
        {
            Arriving = true, Last = new LastRelocation(Guid.NewGuid(), "resource-2", "resource-1", RelocationOutcome.Committed),
        });
        await _pool.First.StopAsync();
        using var client = _pool.Storage.Client();
        Assert.Equal(new TakeOverInfo("held", "resource-1", "resource-2"), await client.TakeOverAsync("held", new TakeOverRequest(), default));
        Assert.Equal(["take-over held"], _pool.Second.Domains!.Asked);
    }

    [Fact]
    public async Task A_domain_that_its_new_owner_could_not_start_is_shown_as_crashed()
    {
        await ForwardingTests.CreateAsync(_pool.First, "cold");
        await ChangeAsync("cold", record => record with { Owner = "resource-2", Arriving = true });
        using var client = _pool.Storage.Client();
        Assert.Equal(DomainState.Unknown, (await client.GetDomainAsync("cold", default)).State);
        await ChangeAsync("cold", record => record with { RunState = RunState.Crashed, Arriving = false });
        Assert.Equal(DomainState.Crashed, (await client.GetDomainAsync("cold", default)).State);
    }

    private async Task ChangeAsync(string name, Func<DomainRecord, DomainRecord> change)
    {
        var record = (await _pool.Storage.Registry.FindAsync(name, default))!;
        Assert.True((await _pool.Storage.Registry.CompareAndSetAsync(change(record), record.Revision, drawEpoch: false, default)).Won);
    }
}
