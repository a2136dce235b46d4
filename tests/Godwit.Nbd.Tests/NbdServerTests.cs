using System.Buffers.Binary;

namespace Godwit.Nbd.Tests;

public class NbdServerTests
{
    private const ushort Read = 0, Write = 1, Disconnect = 2, Flush = 3, Trim = 4, WriteZeroes = 6;

    private static byte[] Block(byte value, int count = 1) => [.. Enumerable.Repeat(value, 512 * count)];

    [Fact]
    public void Go_tells_size_flags_and_block_sizes()
    {
        using var peer = new NbdPeer(new MemoryDevice(1 << 20));
        var hello = peer.Take(18);
        Assert.Equal("NBDMAGICIHAVEOPT", System.Text.Encoding.ASCII.GetString(hello, 0, 16));
        peer.Give([0, 0, 0, 3]);
        // TLS is not for a socket that only its owner may open.
        peer.Option(5, []);
        Assert.Equal(0x8000_0001u, peer.OptionReply().Type);
        peer.Option(7, [0, 0, 0, 0, 0, 0]);
        var (type, export) = peer.OptionReply();
        Assert.Equal(3u, type);
        Assert.Equal(1 << 20, BinaryPrimitives.ReadInt64BigEndian(export.AsSpan(2)));
        // has flags, flush, FUA, write zeroes, several connections; no trim, no cache, no structured replies.
        Assert.Equal(1 | 4 | 8 | 64 | 256, BinaryPrimitives.ReadUInt16BigEndian(export.AsSpan(10)));
        (_, var blocks) = peer.OptionReply();
        Assert.Equal((512, 4096, 32 << 20), (BinaryPrimitives.ReadInt32BigEndian(blocks.AsSpan(2)),
            BinaryPrimitives.ReadInt32BigEndian(blocks.AsSpan(6)), BinaryPrimitives.ReadInt32BigEndian(blocks.AsSpan(10))));
        Assert.Equal(1u, peer.OptionReply().Type);
        peer.Request(Flush, 9, 0, 0);
        Assert.Equal((0u, 9ul), peer.Reply());
    }

    [Fact]
    public async Task Old_ways_to_begin_and_to_leave_work()
    {
        using var peer = new NbdPeer(new MemoryDevice(4096));
        peer.Take(18);
        peer.Give([0, 0, 0, 1]);
        peer.Option(3, []);
        Assert.Equal(2u, peer.OptionReply().Type);
        Assert.Equal(1u, peer.OptionReply().Type);
        peer.Option(1, []);
        Assert.All(peer.Take(10 + 124)[10..], b => Assert.Equal(0, b));
        peer.Request(Disconnect, 0, 0, 0);
        Assert.Equal(NbdConnectionEnd.Disconnected, await peer.Ended);

        using var leaving = new NbdPeer(new MemoryDevice(4096));
        leaving.Take(18);
        leaving.Give([0, 0, 0, 3]);
        leaving.Option(2, []);
        Assert.Equal(1u, leaving.OptionReply().Type);
        Assert.Equal(NbdConnectionEnd.Aborted, await leaving.Ended);
    }

    [Fact]
    public async Task Who_was_told_another_size_is_let_go_once_what_it_asked_for_is_answered()
    {
        var gate = new TaskCompletionSource();
        var device = new MemoryDevice(1 << 20) { SizeBytes = 1 << 19 };
        using var peer = NbdPeer.Negotiated(device);
        peer.Request(Flush, 1, 0, 0);
        Assert.Equal((0u, 1ul), peer.Reply());
        peer.Server.CloseOutdated(1 << 19);
        device.Gate = gate.Task;
        peer.Request(Write, 2, 0, 512, Block(7));
        await Task.Delay(100, TestContext.Current.CancellationToken);

        device.SizeBytes = 1 << 20;
        peer.Server.CloseOutdated(device.SizeBytes);
        await Task.Delay(100, TestContext.Current.CancellationToken);
        Assert.False(peer.Ended.IsCompleted);
        gate.SetResult();
        Assert.Equal((0u, 2ul), peer.Reply());
        Assert.Equal(NbdConnectionEnd.Outdated, await peer.Ended);
        Assert.Equal(7, device.Data[0]);
    }

    [Fact]
    public void Data_goes_and_comes_and_fua_makes_it_durable()
    {
        var device = new MemoryDevice(1 << 20);
        using var peer = NbdPeer.Negotiated(device);
        peer.Request(Write, 1, 1024, 512, Block(7));
        Assert.Equal((0u, 1ul), peer.Reply());
        Assert.Equal(0, device.Durable[1024]);
        peer.Request(Write, 2, 2048, 512, Block(8), flags: 1);
        Assert.Equal((0u, 2ul), peer.Reply());
        Assert.Equal((7, 8), (device.Durable[1024], device.Durable[2048]));
        peer.Request(WriteZeroes, 3, 1024, 512);
        Assert.Equal((0u, 3ul), peer.Reply());
        peer.Request(Read, 4, 1024, 1536);
        Assert.Equal((0u, 4ul), peer.Reply());
        Assert.Equal(Block(0).Concat(Block(0)).Concat(Block(8)), peer.Take(1536));
    }

    [Fact]
    public void A_device_that_discards_is_trimmed_and_zeroed_without_data_unless_room_is_asked_for()
    {
        var device = new MemoryDevice(1 << 20) { Discards = true };
        using var peer = NbdPeer.Negotiated(device);
        peer.Request(Write, 1, 0, 2048, Block(7, 4));
        Assert.Equal((0u, 1ul), peer.Reply());
        peer.Request(Trim, 2, 0, 512, flags: 1);
        Assert.Equal((0u, 2ul), peer.Reply());
        Assert.Equal((1, 0, 7), (device.Discarded, device.Durable[0], device.Durable[512]));
        peer.Request(WriteZeroes, 3, 512, 512);
        Assert.Equal((0u, 3ul), peer.Reply());
        Assert.Equal((2, 0, 7), (device.Discarded, device.Data[512], device.Data[1024]));
        peer.Request(WriteZeroes, 4, 1024, 512, flags: 2);
        Assert.Equal((0u, 4ul), peer.Reply());
        Assert.Equal((2, 0, 7), (device.Discarded, device.Data[1024], device.Data[1536]));
        device.Fails = true;
        peer.Request(Trim, 5, 0, 512);
        Assert.Equal((5u, 5ul), peer.Reply());
        peer.Request(Trim, 6, 1 << 20, 512);
        Assert.Equal((28u, 6ul), peer.Reply());
    }

    [Theory]
    [InlineData(Read, 1UL << 20, 512u, 22u)]
    [InlineData(Read, 100UL, 512u, 22u)]
    [InlineData(Read, 0UL, 100u, 22u)]
    [InlineData(Read, 0UL, 0u, 22u)]
    [InlineData(Read, 0UL, 33u << 20, 75u)]
    [InlineData(Read, ulong.MaxValue - 511, 1024u, 22u)]
    [InlineData(WriteZeroes, 1UL << 20, 512u, 28u)]
    [InlineData(WriteZeroes, 0UL, 0xFFFF_FE00u, 28u)]
    [InlineData(Trim, 0UL, 512u, 22u)]
    [InlineData((ushort)77, 0UL, 512u, 22u)]
    public void Bad_requests_get_errors_and_the_connection_goes_on(ushort command, ulong offset, uint length, uint error)
    {
        using var peer = NbdPeer.Negotiated(new MemoryDevice(1 << 20));
        peer.Request(command, 1, offset, length);
        Assert.Equal((error, 1ul), peer.Reply());
        peer.Request(Read, 2, 0, 512);
        Assert.Equal((0u, 2ul), peer.Reply());
    }

    [Fact]
    public void Writes_beyond_the_end_and_to_a_read_only_device_are_refused_with_their_data_taken()
    {
        using var peer = NbdPeer.Negotiated(new MemoryDevice(1 << 20));
        peer.Request(Write, 1, 1 << 20, 512, Block(1));
        Assert.Equal((28u, 1ul), peer.Reply());
        using var fixedPeer = NbdPeer.Negotiated(new MemoryDevice(1 << 20, readOnly: true));
        fixedPeer.Request(Write, 1, 0, 512, Block(1));
        Assert.Equal((1u, 1ul), fixedPeer.Reply());
        fixedPeer.Request(Read, 2, 0, 512);
        Assert.Equal((0u, 2ul), fixedPeer.Reply());
    }

    [Fact]
    public void A_failing_device_gives_io_errors()
    {
        using var peer = NbdPeer.Negotiated(new MemoryDevice(1 << 20) { Fails = true });
        peer.Request(Read, 1, 0, 512);
        Assert.Equal((5u, 1ul), peer.Reply());
        peer.Request(Flush, 2, 0, 0);
        Assert.Equal((5u, 2ul), peer.Reply());
    }

    [Fact]
    public async Task A_broken_stream_ends_the_connection()
    {
        using (var peer = NbdPeer.Negotiated(new MemoryDevice(4096)))
        {
            peer.Give(new byte[28]);
            Assert.Equal(NbdConnectionEnd.ProtocolViolated, await peer.Ended);
        }
        using (var peer = NbdPeer.Negotiated(new MemoryDevice(4096)))
        {
            peer.Request(Write, 1, 0, uint.MaxValue);
            Assert.Equal(NbdConnectionEnd.ProtocolViolated, await peer.Ended);
        }
        using (var peer = NbdPeer.Negotiated(new MemoryDevice(4096)))
        {
            peer.Give([0x25, 0x60]);
            peer.Client.Close();
            Assert.Equal(NbdConnectionEnd.Lost, await peer.Ended);
        }
        using (var peer = new NbdPeer(new MemoryDevice(4096)))
        {
            peer.Take(18);
            peer.Give([0, 0, 0, 3]);
            peer.Option(7, [], uint.MaxValue);
            Assert.Equal(NbdConnectionEnd.ProtocolViolated, await peer.Ended);
        }
        using (var peer = new NbdPeer(new MemoryDevice(4096)))
        {
            peer.Take(18);
            peer.Give([0, 0, 0, 3]);
            peer.Option(7, [0, 0, 0, 99, 0, 0]);
            Assert.Equal(0x8000_0003u, peer.OptionReply().Type);
            peer.Option(7, new byte[10_000]);
            Assert.Equal(0x8000_0009u, peer.OptionReply().Type);
        }
    }

    [Fact]
    public async Task What_is_open_is_answered_before_the_server_lets_go()
    {
        var gate = new TaskCompletionSource();
        var device = new MemoryDevice(1 << 20) { Gate = gate.Task };
        using var peer = NbdPeer.Negotiated(device);
        for (ulong i = 0; i < 10; i++) peer.Request(Write, i, i * 512, 512, Block((byte)(i + 1)));
        await Task.Delay(200, TestContext.Current.CancellationToken);
        peer.Stop();
        await Task.Delay(100, TestContext.Current.CancellationToken);
        Assert.False(peer.Ended.IsCompleted);
        gate.SetResult();
        Assert.Equal(NbdConnectionEnd.Stopped, await peer.Ended);
        var seen = Enumerable.Range(0, 10).Select(_ => peer.Reply()).ToList();
        Assert.All(seen, r => Assert.Equal(0u, r.Error));
        Assert.Equal(10, seen.Select(r => r.Cookie).Distinct().Count());
        Assert.Equal(10, device.Data[9 * 512]);
    }

    [Fact]
    public async Task Random_bytes_end_the_connection_and_nothing_else()
    {
        var random = new Random(99);
        var device = new MemoryDevice(1 << 16);
        for (var i = 0; i < 300; i++)
        {
            using var peer = i % 2 == 0 ? new NbdPeer(device) : NbdPeer.Negotiated(device);
            var junk = new byte[random.Next(1, 3000)];
            random.NextBytes(junk);
            if (i % 4 == 3) BinaryPrimitives.WriteUInt32BigEndian(junk, 0x25609513);
            peer.Give(junk);
            peer.Client.Shutdown(System.Net.Sockets.SocketShutdown.Send);
            var end = await peer.Ended.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
            Assert.NotEqual(NbdConnectionEnd.Stopped, end);
        }
    }
}
