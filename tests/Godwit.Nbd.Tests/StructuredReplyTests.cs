namespace Godwit.Nbd.Tests;

/// <summary>Clients that agree on structured replies, and what they may ask then.</summary>
public sealed class StructuredReplyTests
{
    private const ushort Read = 0, Write = 1, BlockStatus = 7;
    private const ushort Df = 4, ReqOne = 8;
    private const ushort Done = 1, OffsetData = 1, Status = 5, Error = 0x8001;

    [Fact]
    public void A_read_is_one_chunk_with_its_offset()
    {
        using var peer = NbdPeer.Structured(new MemoryDevice(1 << 20));
        peer.Request(Write, 1, 1024, 512, [.. Enumerable.Repeat((byte)7, 512)]);
        Assert.Equal((0u, 1ul), peer.Reply());
        peer.Request(Read, 2, 1024, 1024, flags: Df);
        var (flags, type, cookie, data) = peer.Chunk();
        Assert.Equal((Done, OffsetData, 2ul), (flags, type, cookie));
        Assert.Equal([0, 0, 0, 0, 0, 0, 4, 0], data[..8]);
        Assert.Equal(Enumerable.Repeat((byte)7, 512).Concat(new byte[512]), data[8..]);
    }

    [Fact]
    public void A_read_that_fails_says_so_and_the_connection_goes_on()
    {
        var device = new MemoryDevice(1 << 20) { Fails = true };
        using var peer = NbdPeer.Structured(device);
        peer.Request(Read, 1, 0, 512);
        AssertError(peer.Chunk(), 1, 5);
        peer.Request(Read, 2, 1 << 20, 512);
        AssertError(peer.Chunk(), 2, 22);
        device.Fails = false;
        peer.Request(Read, 3, 0, 512);
        Assert.Equal(OffsetData, peer.Chunk().Type);
    }

    [Fact]
    public void All_is_allocated_for_nothing_is_known_of_holes()
    {
        using var peer = NbdPeer.Structured(new MemoryDevice(1 << 20));
        peer.Request(BlockStatus, 9, 512, 4096, flags: ReqOne);
        var (flags, type, cookie, data) = peer.Chunk();
        Assert.Equal((Done, Status, 9ul), (flags, type, cookie));
        Assert.Equal([0, 0, 0, 1, 0, 0, 16, 0, 0, 0, 0, 0], data);
        peer.Request(BlockStatus, 10, 1 << 20, 512);
        AssertError(peer.Chunk(), 10, 22);
        peer.Request(BlockStatus, 11, 0, 100);
        AssertError(peer.Chunk(), 11, 22);
    }

    [Fact]
    public void Who_has_not_agreed_gets_neither()
    {
        using var peer = NbdPeer.Negotiated(new MemoryDevice(1 << 20));
        peer.Request(BlockStatus, 1, 0, 512);
        Assert.Equal((22u, 1ul), peer.Reply());
        peer.Request(Read, 2, 0, 512, flags: Df);
        Assert.Equal((22u, 2ul), peer.Reply());
    }

    [Fact]
    public void Contexts_are_listed_and_set_only_where_replies_are_structured()
    {
        using var peer = new NbdPeer(new MemoryDevice(4096));
        peer.Take(18);
        peer.Give([0, 0, 0, 3]);
        peer.Option(10, NbdPeer.Contexts("base:allocation"));
        Assert.Equal(0x8000_0003u, peer.OptionReply().Type);
        peer.Option(8, [1]);
        Assert.Equal(0x8000_0003u, peer.OptionReply().Type);
        peer.Option(8, []);
        Assert.Equal(1u, peer.OptionReply().Type);
        foreach (var query in (string[][])[[], ["base:"], ["qemu:dirty", "base:allocation"]])
        {
            peer.Option(9, NbdPeer.Contexts(query));
            Assert.Equal(4u, peer.OptionReply().Type);
            Assert.Equal(1u, peer.OptionReply().Type);
        }
        // To set none is to have none, and one that is not known is no error.
        foreach (var query in (string[][])[[], ["base:"], ["qemu:dirty"]])
        {
            peer.Option(10, NbdPeer.Contexts(query));
            Assert.Equal(1u, peer.OptionReply().Type);
        }
    }

    [Fact]
    public void A_question_for_contexts_is_answered_whatever_its_bytes()
    {
        var random = new Random(5);
        using var peer = new NbdPeer(new MemoryDevice(4096));
        peer.Take(18);
        peer.Give([0, 0, 0, 3]);
        peer.Option(8, []);
        peer.OptionReply();
        var sound = NbdPeer.Contexts("base:allocation", "x");
        for (var i = 0; i < 2000; i++)
        {
            // Most begin as a sound one does, which is cut, damaged or goes on.
            var data = sound[..random.Next(sound.Length + 1)].Concat(new byte[random.Next(4)]).ToArray();
            if (data.Length > 0 && random.Next(2) == 0)
                data[random.Next(data.Length)] = (byte)random.Next(256);
            peer.Option((uint)random.Next(9, 11), data);
            while (peer.OptionReply().Type is var type && type == 4)
            {
                // A context; the end of the answer is still to come.
            }
        }
        // It has understood all of them, or it would be out of step by now.
        peer.Option(10, NbdPeer.Contexts("base:allocation"));
        Assert.Equal(4u, peer.OptionReply().Type);
        Assert.Equal(1u, peer.OptionReply().Type);
    }

    private static void AssertError((ushort Flags, ushort Type, ulong Cookie, byte[] Data) chunk, ulong cookie, byte error)
    {
        Assert.Equal((Done, Error, cookie), (chunk.Flags, chunk.Type, chunk.Cookie));
        Assert.Equal([0, 0, 0, error, 0, 0], chunk.Data);
    }
}
