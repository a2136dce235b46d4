namespace Godwit.Nbd.Tests;

/// <summary>Requests that come together are begun together, and those that end together are answered together.</summary>
public sealed class GroupTests
{
    private const ushort Read = 0, Write = 1;

    [Fact]
    public async Task Requests_that_came_in_one_piece_are_one_group()
    {
        var device = new MemoryDevice(1 << 20);
        using var peer = NbdPeer.Negotiated(device);
        peer.Give([.. NbdPeer.RequestBytes(Read, 1, 0, 512), .. NbdPeer.RequestBytes(Write, 2, 512, 512, new byte[512]), .. NbdPeer.RequestBytes(Read, 3, 0, 512)]);
        for (var i = 0; i < 3; i++)
        {
            if (peer.Reply() is { Cookie: not 2 }) peer.Take(512);
        }
        peer.Client.Close();
        Assert.Equal(NbdConnectionEnd.Lost, await peer.Ended);
        Assert.Equal([3], device.Groups);
    }

    [Fact]
    public async Task What_has_ended_is_sent_when_all_that_ends_with_it_is_told_of()
    {
        var device = new MemoryDevice(1 << 20) { Defers = true };
        using var peer = NbdPeer.Negotiated(device);
        peer.Give([.. Enumerable.Range(1, 5).SelectMany(i => NbdPeer.RequestBytes(Read, (ulong)i, 0, 512))]);
        await WaitForAsync(() => device is { Groups: [5], Deferred.Count: 1 });
        Assert.Equal(0, peer.Client.Available);
        Assert.True(device.Deferred.TryDequeue(out var send));
        send();
        for (ulong i = 1; i <= 5; i++)
        {
            Assert.Equal((0u, i), peer.Reply());
            peer.Take(512);
        }
        Assert.Empty(device.Deferred);
        // The next is another matter.
        peer.Request(Read, 6, 0, 512);
        await WaitForAsync(() => device.Deferred.TryDequeue(out send));
        send();
        Assert.Equal((0u, 6ul), peer.Reply());
    }

    [Fact]
    public async Task One_whose_data_is_still_to_come_is_waited_for_and_so_is_room()
    {
        var gate = new TaskCompletionSource();
        var device = new MemoryDevice(1 << 20) { Gate = gate.Task };
        using var peer = NbdPeer.Negotiated(device);
        var write = NbdPeer.RequestBytes(Write, 1, 0, 512, [.. Enumerable.Repeat((byte)7, 512)]);
        peer.Give([.. NbdPeer.RequestBytes(Read, 2, 4096, 512), .. write[..100]]);
        await Task.Delay(50, TestContext.Current.CancellationToken);
        peer.Give(write[100..]);
        // More than may be open.
        for (ulong i = 3; i <= 100; i++) peer.Request(Write, i, 4096, 512, new byte[512]);
        await WaitForAsync(() => device.Groups.Sum() >= 62);
        gate.SetResult();
        HashSet<ulong> answered = [];
        for (var i = 0; i < 100; i++)
        {
            var (error, cookie) = peer.Reply();
            Assert.True(error == 0 && answered.Add(cookie));
            if (cookie == 2) peer.Take(512);
        }
        Assert.Equal(7, device.Data[511]);
    }

    [Fact]
    public async Task Replies_to_a_client_that_has_left_hold_nothing_up()
    {
        var gate = new TaskCompletionSource();
        var device = new MemoryDevice(1 << 20) { Gate = gate.Task };
        using var peer = NbdPeer.Negotiated(device);
        for (ulong i = 0; i < 10; i++) peer.Request(Read, i, 0, 512);
        await WaitForAsync(() => device.Groups.Sum() == 10);
        peer.Client.Close();
        gate.SetResult();
        Assert.Equal(NbdConnectionEnd.Lost, await peer.Ended.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken));
    }

    private static async Task WaitForAsync(Func<bool> condition)
    {
        for (var i = 0; !condition(); i++)
        {
            Assert.True(i < 500, "it does not happen");
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }
}
