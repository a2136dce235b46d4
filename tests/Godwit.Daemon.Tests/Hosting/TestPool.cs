using System.Diagnostics;
using Godwit.Daemon.Config;

namespace Godwit.Daemon.Tests.Hosting;

/// <summary>A pool as in the article: one host with storage and registry, two that run domains.</summary>
public sealed class TestPool : IAsyncLifetime
{
    internal ShiftedTime Time { get; } = new();

    internal TestHost Storage { get; private set; } = null!;

    internal TestHost First { get; private set; } = null!;

    internal TestHost Second { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Storage = await TestHost.StartAsync("storage", Time, Role.Storage, Role.Registry);
        First = await TestHost.StartAsync("resource-1", Time, Role.Compute);
        Second = await TestHost.StartAsync("resource-2", Time, Role.Compute);
        using (var client = Storage.Client())
            await client.PoolInitAsync(default);
        await First.JoinAsync(Storage);
        await Second.JoinAsync(Storage);
        foreach (var host in (TestHost[])[Storage, First, Second])
            await SeesAllAsync(host);
    }

    // A host that has joined may not be heard of everywhere yet, nor listen.
    private static async Task SeesAllAsync(TestHost host)
    {
        using var client = host.Client();
        var began = Stopwatch.GetTimestamp();
        while ((await client.ListHostsAsync(default)).Count(seen => seen.Reachable) != 3)
        {
            Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(60), $"{host.Name} does not see three hosts");
            await Task.Delay(50);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Second.DisposeAsync();
        await First.DisposeAsync();
        await Storage.DisposeAsync();
    }
}
