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
    }

    public async ValueTask DisposeAsync()
    {
        await Second.DisposeAsync();
        await First.DisposeAsync();
        await Storage.DisposeAsync();
    }
}
