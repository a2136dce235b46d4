using Godwit.Api;
using Godwit.Daemon.Tests.Hosting;
using Godwit.Domains;
using Godwit.Pool;

namespace Godwit.Daemon.Tests.Http;

/// <summary>Hosts that are gone.</summary>
public sealed class LostHostTests
{
    [Fact]
    public async Task A_domain_whose_owner_is_gone_is_shown_as_unknown_with_the_reason()
    {
        var pool = new TestPool();
        await pool.InitializeAsync();
        await ForwardingTests.CreateAsync(pool.First, "lost");
        await pool.First.StopAsync();
        using var client = pool.Storage.Client();

        var domain = await client.GetDomainAsync("lost", default);
        Assert.Equal((DomainState.Unknown, "resource-1"), (domain.State, domain.Host));
        Assert.Contains("resource-1 does not answer", domain.Reason, StringComparison.Ordinal);
        Assert.False((await client.ListHostsAsync(default)).Single(h => h.Name == "resource-1").Reachable);
        Assert.Equal(ApiException.HostUnreachable, (await Assert.ThrowsAsync<ApiException>(() => client.DoAsync("lost", DomainVerb.Pause, default))).Code);

        // Without the registry: said so, by every call that needs it, and the directory is remembered.
        await pool.Storage.StopAsync();
        var e = await Assert.ThrowsAsync<GodwitException>(() => pool.Second.Registry.ListAsync(default));
        Assert.Equal(RegistryErrors.Unavailable, e.Code);
        Assert.Contains("storage", e.Message, StringComparison.Ordinal);
        await pool.DisposeAsync();
    }
}
