using Godwit.Api;
using Godwit.Daemon.Registry;
using Godwit.Daemon.Tests.Hosting;
using Godwit.Daemon.Transport;
using Godwit.Pool;
using Godwit.Relocation;
using Microsoft.Extensions.Logging.Abstractions;

namespace Godwit.Daemon.Tests.Http;

/// <summary>Lists while the registry is away.</summary>
public sealed class RegistryAwayTests : IAsyncLifetime
{
    private readonly TestPool _pool = new();

    public ValueTask InitializeAsync() => _pool.InitializeAsync();

    public ValueTask DisposeAsync() => _pool.DisposeAsync();

    [Fact]
    public async Task Lists_show_what_the_hosts_that_answer_have_and_say_what_may_lack()
    {
        await ForwardingTests.CreateAsync(_pool.First, "one");
        await ForwardingTests.CreateAsync(_pool.Second, "two");
        using var client = _pool.Second.Client();
        var begun = await client.MigrateAsync("one", new MigrateRequest { Destination = "resource-2" }, default);
        var whole = await client.ListKnownDomainsAsync(default);
        Assert.Null(whole.RegistryAway);
        await _pool.Storage.StopAsync();

        var domains = await client.ListKnownDomainsAsync(default);
        Assert.Equal(whole.Items.Select(domain => (domain.Name, domain.Host)).Order(), domains.Items.Select(domain => (domain.Name, domain.Host)).Order());
        Assert.Contains("The registry at storage (127.0.0.1:", domains.RegistryAway, StringComparison.Ordinal);
        Assert.Contains("This host has seen it so since 20", domains.RegistryAway, StringComparison.Ordinal);
        Assert.EndsWith("Shown is what the hosts that answer have.", domains.RegistryAway, StringComparison.Ordinal);
        var migrations = await client.ListKnownMigrationsAsync(default);
        Assert.Equal(begun.Id, migrations.Items.Single().Id);
        Assert.NotNull(migrations.RegistryAway);
        Assert.Null(migrations.Items.Single().Waits);
        FakeDomainHost.Report(_pool.First.Domains!.Tickets.Single(), new RelocationProgress(DateTimeOffset.UtcNow, RelocationStep.Commit));
        await Assert.ThrowsAsync<Godwit.Domains.GodwitException>(() => _pool.First.Registry.ProbeAsync(default));
        Assert.StartsWith(
            "resource-2 waits for the registry: The registry at storage",
            (await client.ListKnownMigrationsAsync(default)).Items.Single().Waits, StringComparison.Ordinal);
        Assert.Equal(RegistryErrors.Unavailable, (await Assert.ThrowsAsync<ApiException>(() => client.ListDomainsAsync(default))).Code);

        await _pool.First.StopAsync();
        domains = await client.ListKnownDomainsAsync(default);
        Assert.Equal("two", domains.Items.Single().Name);
        Assert.EndsWith("; resource-1 does not.", domains.RegistryAway, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_domain_is_shown_as_the_host_that_has_it_knows_it()
    {
        await ForwardingTests.CreateAsync(_pool.First, "one");
        using var client = _pool.Second.Client();
        var whole = await client.GetDomainAsync("one", default);
        await _pool.Storage.StopAsync();

        var domain = await client.GetDomainAsync("one", default);
        Assert.Equal((whole.Host, whole.State, whole.Epoch), (domain.Host, domain.State, domain.Epoch));
        Assert.Contains("The registry at storage", domain.Waits, StringComparison.Ordinal);
        Assert.EndsWith("Shown is what the hosts that answer have.", domain.Waits, StringComparison.Ordinal);

        await _pool.First.StopAsync();
        var e = await Assert.ThrowsAsync<ApiException>(() => client.GetDomainAsync("one", default));
        Assert.Equal(RegistryErrors.Unavailable, e.Code);
        Assert.Contains("resource-1 does not", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_hosts_are_remembered_over_a_restart()
    {
        await _pool.Second.Get<PeerDirectory>().ListAsync(default);
        var restarted = new PeerDirectory(
            _pool.Second.Config, _pool.Second.Membership, new Lazy<IRegistry>(() => throw new InvalidOperationException("nobody is to be asked")),
            NullLogger<PeerDirectory>.Instance);
        Assert.Equal(["resource-1", "resource-2", "storage"], restarted.Remembered.Select(host => host.Name));
        Assert.Equal(_pool.First.Config.Port, (await restarted.FindAsync("resource-1", default)).Port);
    }

    [Fact]
    public void An_absence_begins_with_the_first_failure_and_ends_with_an_answer()
    {
        var time = new ShiftedTime();
        var sight = new RegistrySight(time);
        Assert.Null(sight.Away);
        sight.IsGone("It is away");
        var first = sight.Away;
        time.Shift = TimeSpan.FromMinutes(5);
        sight.IsGone("It is away");
        Assert.Equal(first, sight.Away);
        sight.Serves();
        Assert.Null(sight.Away);
    }
}
