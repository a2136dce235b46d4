using Godwit.Api;
using Godwit.Daemon.Config;
using Godwit.Daemon.Tests.Hosting;
using Godwit.Relocation.Channel;

namespace Godwit.Daemon.Tests.Transport;

/// <summary>A host whose certificate has ended, as itself and the others see it.</summary>
public sealed class EndedCertificateTests
{
    [Fact]
    public async Task The_refusal_names_the_host_and_when_its_certificate_ended()
    {
        var time = new ShiftedTime();
        await using var storage = await TestHost.StartAsync("storage", time, Role.Storage, Role.Registry);
        await using var first = await TestHost.StartAsync("resource-1", time, Role.Compute);
        await using var second = await TestHost.StartAsync("resource-2", time, Role.Compute);
        using (var client = storage.Client())
            await client.PoolInitAsync(default);
        await first.JoinAsync(storage);
        // The second joins three days later, so that its certificate outlives those of the others.
        time.Shift = TimeSpan.FromDays(3);
        await second.JoinAsync(storage);
        using (var client = second.Client())
            Assert.Equal(3, (await client.ListHostsAsync(default)).Count(host => host.Reachable));
        // Connections that stand are left to stand; these are the ones that are made from now on.
        await first.StopAsync();
        var ended = first.Membership.Require().Certificate.NotAfter.ToUniversalTime();
        time.Shift = ended.AddHours(25) - DateTime.UtcNow;

        var dial = await Assert.ThrowsAsync<ChannelException>(() => second.Peers.DialAsync("storage", default));
        var until = $"it was valid until {ended:yyyy-MM-dd HH}";
        Assert.Contains("storage at 127.0.0.1:", dial.Message, StringComparison.Ordinal);
        Assert.Contains("is not who it should be: its certificate, for storage, is refused: it was valid until ", dial.Message, StringComparison.Ordinal);
        dial = await Assert.ThrowsAsync<ChannelException>(() => first.Peers.DialAsync("resource-2", default));
        Assert.Contains($"The certificate of this host, resource-1, is of no use: {until}", dial.Message, StringComparison.Ordinal);
        var call = await Assert.ThrowsAsync<ApiException>(() => first.Peers.Client("resource-2").GetHostAsync(default));
        Assert.Equal("certificate-refused", call.Code);
        Assert.Contains("join the pool again", call.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_host_that_refuses_one_says_in_its_log_whose_and_why()
    {
        await using var storage = await TestHost.StartAsync("storage", null, Role.Storage, Role.Registry);
        // With a clock of its own, by which its certificate is good.
        await using var first = await TestHost.StartAsync("resource-1", null, Role.Compute);
        using (var client = storage.Client())
            await client.PoolInitAsync(default);
        await first.JoinAsync(storage);
        var ended = first.Membership.Require().Certificate.NotAfter.ToUniversalTime();
        storage.Time.Shift = ended.AddHours(25) - DateTime.UtcNow;

        // In TLS 1.3 whoever dials has done before the other side has judged, and would hear of it with the first message.
        await using var channel = await first.Peers.DialAsync("storage", default);
        var said = $"its certificate, for resource-1, is refused: it was valid until {ended:yyyy-MM-dd HH}";
        for (var attempt = 0; attempt < 100 && !storage.Log.Lines.Any(line => line.Contains(said, StringComparison.Ordinal)); attempt++)
            await Task.Delay(50);
        Assert.Contains(storage.Log.Lines, line => line.Contains(said, StringComparison.Ordinal) && line.Contains("127.0.0.1", StringComparison.Ordinal));
    }
}
