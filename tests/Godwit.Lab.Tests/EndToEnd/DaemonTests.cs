using Godwit.Api;

namespace Godwit.Lab.Tests.EndToEnd;

/// <summary>Daemons that die under a running domain, and in the middle of a move.</summary>
[Collection("lab")]
public sealed class DaemonTests(PoolFixture pool) : IClassFixture<PoolFixture>
{
    /// <summary>Slow enough that there is time to kill something in pre-copy.</summary>
    private const long SlowBytesPerSecond = 8 << 20;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task AKilledDaemonFindsItsDomainAgainAndTheGuestNeverNotices()
    {
        Programs.Demand();
        var before = await pool.WaitForAsync(d => d.State == DomainState.Running, "running");
        await using var writer = await pool.OpenWriterAsync();

        await pool.KillDaemonAsync(before.Host);
        var after = await pool.WaitForAsync(d => d.State == DomainState.Running && d.ProcessId is not null, "running again");
        Assert.Equal(before.ProcessId, after.ProcessId);
        Assert.Equal(before.Host, after.Host);
        Assert.Equal(before.Epoch, after.Epoch);

        var moved = await MigrateAsync(PoolFixture.Other(before.Host));
        Assert.True(moved.Succeeded, moved.Message);
        var written = await writer.StopAsync();
        Assert.True(written.Unbroken);
        await pool.AssertNothingOnAsync(before.Host);
    }

    [Fact]
    public async Task ASourceDaemonThatDiesInPreCopyLeavesTheDomainWhereItIs()
    {
        Programs.Demand();
        await KilledInPreCopyAsync(killSource: true);
    }

    [Fact]
    public async Task ADestinationDaemonThatDiesInPreCopyLeavesTheDomainWhereItIs()
    {
        Programs.Demand();
        await KilledInPreCopyAsync(killSource: false);
    }

    [Fact]
    public async Task ACancelledMoveLeavesTheDomainWhereItIs()
    {
        Programs.Demand();
        var before = await pool.WaitForAsync(d => d.State == DomainState.Running, "running");
        using var client = pool.Client(before.Host);
        var begun = await BeginSlowlyAsync(client, PoolFixture.Other(before.Host));
        await client.CancelMigrationAsync(begun.Id, Token);
        var ended = await GuestActs.EndOfMoveAsync(client, begun.Id, Token);
        Assert.Equal("cancelled", ended.Ending);
        var after = await pool.WaitForAsync(d => d.State == DomainState.Running, "running");
        Assert.Equal((before.Host, before.ProcessId, before.Epoch), (after.Host, after.ProcessId, after.Epoch));
        await pool.AssertNothingOnAsync(PoolFixture.Other(before.Host));
    }

    [Theory]
    [InlineData("storage", "host-runs-no-domains")]
    [InlineData("resource-9", "no-such-host")]
    [InlineData(null, "already-there")]
    public async Task AMoveToAHostThatCannotTakeItIsRefused(string? to, string code)
    {
        Programs.Demand();
        var before = await pool.WaitForAsync(d => d.State == DomainState.Running, "running");
        using var client = pool.Client(before.Host);
        var refusal = await Assert.ThrowsAsync<ApiException>(
            () => client.MigrateAsync(PoolFixture.Domain, new MigrateRequest { Destination = to ?? before.Host }, Token));
        Assert.Equal(code, refusal.Code);
        Assert.NotNull(refusal.Remedy);
    }

    private async Task KilledInPreCopyAsync(bool killSource)
    {
        var before = await pool.WaitForAsync(d => d.State == DomainState.Running, "running");
        var other = PoolFixture.Other(before.Host);
        await using var writer = await pool.OpenWriterAsync();
        using (var client = pool.Client(before.Host))
            await BeginSlowlyAsync(client, other);

        await pool.KillDaemonAsync(killSource ? before.Host : other);
        await pool.AssertNothingOnAsync(other);
        var after = await pool.WaitForAsync(d => d.State == DomainState.Running && d.Migration is null && d.ProcessId is not null, "running and at rest");
        Assert.Equal((before.Host, before.ProcessId, before.Epoch), (after.Host, after.ProcessId, after.Epoch));

        var moved = await MigrateAsync(other);
        Assert.True(moved.Succeeded, moved.Message);
        var written = await writer.StopAsync();
        Assert.True(written.Unbroken);
    }

    /// <summary>Begins a slow move and returns once memory is on its way.</summary>
    private static async Task<MigrationInfo> BeginSlowlyAsync(GodwitClient client, string destination)
    {
        var begun = await client.MigrateAsync(
            PoolFixture.Domain, new MigrateRequest { Destination = destination, MaxBytesPerSecond = SlowBytesPerSecond }, Token);
        await foreach (var e in client.MigrationEventsAsync(begun.Id, Token))
        {
            Assert.Null(e.Result);
            if (e.Step == "pre-copy" && e.SentBytes > 0)
                break;
        }
        return begun;
    }

    /// <summary>Moves it; a host whose daemon has just come back may need a moment.</summary>
    private async Task<MigrationResult> MigrateAsync(string destination)
    {
        for (var attempt = 0; ; attempt++)
        {
            var domain = await pool.WaitForAsync(d => d.State == DomainState.Running && d.Migration is null, "running");
            using var client = pool.Client(domain.Host);
            try
            {
                var begun = await client.MigrateAsync(PoolFixture.Domain, new MigrateRequest { Destination = destination }, Token);
                var result = await GuestActs.EndOfMoveAsync(client, begun.Id, Token);
                if (result.Succeeded || attempt == 20)
                    return result;
            }
            catch (ApiException) when (attempt < 20)
            {
                // It is still settling.
            }
            await Task.Delay(500, Token);
        }
    }
}
