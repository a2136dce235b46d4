using Godwit.Daemon.Config;
using Godwit.Daemon.Roles;
using Godwit.Daemon.Tests.Hosting;
using Godwit.Domains;

namespace Godwit.Daemon.Tests.Members;

/// <summary>Who has joined a pool can be used: what is asked of it next does not come too early.</summary>
public sealed class ReadinessTests
{
    private static readonly CancellationToken s_token = TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_host_has_joined_when_its_domains_are_open()
    {
        await using var storage = await TestHost.StartAsync("storage", null, Role.Storage, Role.Registry);
        await using var host = await TestHost.StartAsync("resource-1", null, Role.Compute);
        using var client = storage.Client();
        await client.PoolInitAsync(s_token);
        var engine = new TaskCompletionSource();
        host.Opening = engine.Task;

        var joining = host.JoinAsync(storage);
        while ((await client.ListHostsAsync(s_token)).All(known => known.Name != "resource-1"))
            await Task.Delay(10, s_token);
        await Task.Delay(300, s_token);
        Assert.False(joining.IsCompleted);
        engine.SetResult();
        await joining;
        Assert.NotNull(host.Get<ComputeSlot>().Current);
    }

    [Fact]
    public async Task A_host_without_an_engine_joins_and_knows_why_it_runs_nothing()
    {
        await using var storage = await TestHost.StartAsync("storage", null, Role.Storage, Role.Registry);
        await using var host = await TestHost.StartAsync("resource-1", null, Role.Compute);
        using var client = storage.Client();
        await client.PoolInitAsync(s_token);
        host.Opening = Task.FromException(new GodwitException("engine-missing", "QEMU cannot be started: no such file."));

        await host.JoinAsync(storage);
        Assert.True(host.Get<ComputeSlot>().Tried.IsCompletedSuccessfully);
        Assert.Equal("QEMU cannot be started: no such file", host.Get<ComputeSlot>().Reason);
    }
}
