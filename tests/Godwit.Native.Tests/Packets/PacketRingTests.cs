using Godwit.Native.Packets;

namespace Godwit.Native.Tests.Packets;

/// <summary>The receive ring of a packet socket, on a veth pair with frames as long as such an interface takes.</summary>
public sealed class PacketRingTests : IDisposable
{
    private const int Mtu = 65535;
    private const int Longest = Mtu + 14;
    private readonly Cable _cable = new("gq", Mtu);

    public void Dispose() => _cable.Dispose();

    private (PacketSocket Sender, PacketSocket Receiver) Open(int frames, int frameBytes) => (
        PacketSocket.Open(_cable.A, new PacketSocketOptions { EtherType = Cable.EtherType }),
        PacketSocket.Open(_cable.B, new PacketSocketOptions { EtherType = Cable.EtherType, Ring = new PacketRingSize(frames, frameBytes) }));

    [Theory]
    [InlineData(1514)]
    [InlineData(9230)]
    [InlineData(20_014)]
    [InlineData(40_000)]
    [InlineData(Longest)]
    public void The_longest_frame_that_there_is_room_for_comes_whole_and_a_longer_one_is_counted(int frameBytes)
    {
        var (a, b) = Open(8, frameBytes);
        using var sender = a;
        using var receiver = b;
        var batch = new PacketBatch(4, Longest);
        batch.Add(Cable.Frame(a, b, frameBytes, 1));
        // The room is rounded up, by less than a kilobyte.
        var tooLong = Math.Min(frameBytes + 1024, Longest);
        if (tooLong > frameBytes) batch.Add(Cable.Frame(a, b, tooLong, 2));
        batch.Add(Cable.Frame(a, b, 60, 3));
        a.Send(batch);
        var incoming = new PacketBatch(8, 64);
        b.Receive(incoming, 2000);
        Assert.Equal([frameBytes, 60], Enumerable.Range(0, incoming.Count).Select(i => incoming[i].Length));
        Assert.True(incoming[0].SequenceEqual(batch[0]));
        Assert.Equal(tooLong > frameBytes ? 1 : 0, b.TooLong);
        Assert.Equal(0, b.ReceiveDropped);
    }

    [Fact]
    public void Frames_come_in_order_however_often_the_ring_is_gone_round()
    {
        var (a, b) = Open(20, 3000);
        using var sender = a;
        using var receiver = b;
        var (outgoing, incoming) = (new PacketBatch(7, 3000), new PacketBatch(5, 64));
        var (sent, got) = (0, 0);
        while (sent < 700)
        {
            outgoing.Clear();
            for (var i = 0; i < 7; i++, sent++) outgoing.Add(Cable.Frame(a, b, 60 + sent * 4 % 2900, (byte)sent));
            a.Send(outgoing);
            // Five at a time, so that the batches end anywhere in the ring.
            while (got < sent)
            {
                b.Receive(incoming, 2000);
                Assert.True(incoming.Count > 0, $"{got} of {sent} came");
                for (var i = 0; i < incoming.Count; i++, got++)
                    Assert.Equal((60 + got * 4 % 2900, (byte)got, (byte)got), (incoming[i].Length, incoming[i][14], incoming[i][^1]));
            }
        }
        Assert.Equal((0, 0), (b.ReceiveDropped, b.TooLong));
    }

    [Fact]
    public void What_finds_the_ring_full_is_counted_and_the_rest_comes()
    {
        var (a, b) = Open(16, 9230);
        using var sender = a;
        using var receiver = b;
        var (outgoing, incoming) = (new PacketBatch(50, 9230), new PacketBatch(64, 64));
        for (var round = 1; round <= 3; round++)
        {
            outgoing.Clear();
            for (var i = 0; i < 50; i++) outgoing.Add(Cable.Frame(a, b, 9000, (byte)(i + round)));
            a.Send(outgoing);
            b.Receive(incoming, 2000);
            // Three blocks of six places.
            Assert.Equal(18, incoming.Count);
            for (var i = 0; i < incoming.Count; i++) Assert.Equal(i + round, incoming[i][14]);
            Assert.Equal(32 * round, b.ReceiveDropped);
            b.Receive(incoming, 0);
            Assert.Equal(0, incoming.Count);
        }
    }

    /// <summary>A ring that holds nothing but frames that are too long is gone round as well.</summary>
    [Fact]
    public void Frames_that_are_all_too_long_do_not_stop_it()
    {
        var (a, b) = Open(16, 1514);
        using var sender = a;
        using var receiver = b;
        var (outgoing, incoming) = (new PacketBatch(200, 9230), new PacketBatch(8, 64));
        for (var i = 0; i < 200; i++) outgoing.Add(Cable.Frame(a, b, 9000, 1));
        a.Send(outgoing);
        b.Receive(incoming, 0);
        Assert.Equal((0, 200), (incoming.Count, b.TooLong + b.ReceiveDropped));
        b.Receive(incoming, 0);
        outgoing.Clear();
        outgoing.Add(Cable.Frame(a, b, 1000, 2));
        a.Send(outgoing);
        b.Receive(incoming, 2000);
        Assert.Equal((1, 2), (incoming.Count, incoming[0][14]));
    }
}
