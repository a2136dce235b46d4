using Godwit.Api;
using Godwit.Daemon.Tests.Hosting;
using Godwit.Storage;

namespace Godwit.Daemon.Tests.Http;

/// <summary>Domains on storage that has no fence.</summary>
public sealed class UnfencedTests : IAsyncLifetime
{
    private readonly TestPool _pool = new();

    public ValueTask InitializeAsync() => _pool.InitializeAsync();

    public ValueTask DisposeAsync() => _pool.DisposeAsync();

    [Fact]
    public async Task It_is_said_of_the_domain_and_a_move_hands_on_the_word()
    {
        await ForwardingTests.CreateAsync(_pool.First, "bare");
        _pool.First.Domains!.Unfenced = [new DiskIdentity { Kind = DiskKind.BlockDevice, Name = "/dev/mapper/san", SizeBytes = 1 }];
        using var client = _pool.Second.Client();
        Assert.Equal(["/dev/mapper/san"], (await client.GetDomainAsync("bare", default)).UnfencedDisks);
        foreach (var unfenced in (bool[])[false, true])
        {
            await client.MigrateAsync("bare", new MigrateRequest { Destination = "resource-2", Unfenced = unfenced }, default);
            Assert.Equal(unfenced, _pool.First.Domains.LastOptions!.Unfenced);
        }
    }
}
