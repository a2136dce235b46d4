using Godwit.Daemon.Tests.Hosting;
using Godwit.Relocation.Channel;
using Godwit.Relocation.Protocol;

namespace Godwit.Daemon.Tests.Transport;

public sealed class RelocationPortTests(TestPool pool) : IClassFixture<TestPool>
{
    [Fact]
    public async Task Relocations_and_requests_share_the_port()
    {
        var heard = new TaskCompletionSource<(string Peer, long Bytes)>();
        pool.Second.Domains!.OnChannel = async channel =>
        {
            await using (channel)
            {
                long bytes = 0;
                while (await channel.ReceiveAsync(default) is RelocationMessage.EngineBytes part)
                    bytes += part.Bytes.Length;
                heard.SetResult((channel.Peer, bytes));
                await channel.SendAsync(new RelocationMessage.EngineEnd(), default);
            }
        };
        await using var line = await pool.First.Peers.DialAsync("resource-2", default);
        Assert.Equal("resource-2", line.Peer);
        await line.SendAsync(new RelocationMessage.EngineBytes(new byte[1_000_000]), default);
        using (var client = pool.First.Client("resource-2"))
            Assert.Equal("resource-2", (await client.GetHostAsync(default)).Name);
        await line.SendAsync(new RelocationMessage.EngineBytes(new byte[24]), default);
        await line.SendAsync(new RelocationMessage.EngineEnd(), default);
        Assert.Equal(("resource-1", 1_000_024), await heard.Task.WaitAsync(TimeSpan.FromSeconds(10)));
        Assert.IsType<RelocationMessage.EngineEnd>(await line.ReceiveAsync(default));
    }

    [Fact]
    public async Task Hosts_that_are_not_there_or_run_no_domains_give_a_broken_channel()
    {
        await Assert.ThrowsAsync<ChannelException>(() => pool.First.Peers.DialAsync("resource-7", default));
        // storage has no compute role: it hangs up.
        await using var line = await pool.First.Peers.DialAsync("storage", default);
        await Assert.ThrowsAsync<ChannelException>(async () =>
        {
            if (await line.ReceiveAsync(default) is null)
                throw new ChannelException("closed");
        });
    }
}
