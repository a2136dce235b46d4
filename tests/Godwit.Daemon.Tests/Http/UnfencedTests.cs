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
    public async Task It_is_said_of_the_domain_and_a_move_needs_the_word()
    {
        await ForwardingTests.CreateAsync(_pool.First, "bare");
        _pool.First.Domains!.Unfenced = [new DiskIdentity { Kind = DiskKind.BlockDevice, Name = "/dev/mapper/san", SizeBytes = 1 }];
        using var client = _pool.Second.Client();
        Assert.Equal(["/dev/mapper/san"], (await client.GetDomainAsync("bare", default)).UnfencedDisks);
        var request = new MigrateRequest { Destination = "resource-2" };
        var e = await Assert.ThrowsAsync<ApiException>(() => client.MigrateAsync("bare", request, default));
        Assert.Equal("disk-not-fenced", e.Code);
        Assert.Contains("/dev/mapper/san of bare", e.Message, StringComparison.Ordinal);
        Assert.Contains("--unfenced", e.Remedy, StringComparison.Ordinal);
        Assert.Empty(_pool.First.Domains.Tickets);
        Assert.Equal("bare", (await client.MigrateAsync("bare", request with { Unfenced = true }, default)).Domain);
    }

    [Fact]
    public async Task A_file_is_left_to_the_destinations_refusal()
    {
        await ForwardingTests.CreateAsync(_pool.First, "filed");
        _pool.First.Domains!.Unfenced = [new DiskIdentity { Kind = DiskKind.File, Name = "/srv/filed.img", SizeBytes = 1 }];
        using var client = _pool.First.Client();
        Assert.Equal("filed", (await client.MigrateAsync("filed", new MigrateRequest { Destination = "resource-2" }, default)).Domain);
    }
}
