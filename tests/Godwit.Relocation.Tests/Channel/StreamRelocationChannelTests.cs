using System.Buffers.Binary;
using CsCheck;
using Godwit.Relocation.Channel;
using Godwit.Relocation.Protocol;

namespace Godwit.Relocation.Tests.Channel;

public class StreamRelocationChannelTests
{
    [Fact]
    public async Task EveryMessageComesThroughWhateverTheChunks()
    {
        var sent = Samples.Messages;
        var wire = Wire(sent);
        for (var chunk = 1; chunk < 40; chunk += 3)
        {
            var got = await ReadAllAsync(new ChunkStream(wire, chunk));
            Assert.Equal(sent.Select(Samples.Show), Joined(got));
        }
    }

    [Fact]
    public async Task BulkIsHandedOnBeforeItsFrameIsComplete()
    {
        var wire = Wire([new RelocationMessage.EngineBytes(new byte[1000])]);
        await using var channel = new StreamRelocationChannel(new ChunkStream(wire, 100), "peer");
        var first = Assert.IsType<RelocationMessage.EngineBytes>(await channel.ReceiveAsync(default));
        Assert.Equal(95, first.Bytes.Length);
    }

    [Fact]
    public async Task AControlMessageLargerThanTheBufferFits()
    {
        var reason = new string('x', 900_000);
        var got = await ReadAllAsync(new ChunkStream(Wire([new RelocationMessage.ClockQuestion(1), new RelocationMessage.Refused(reason, null)]), 70_000));
        Assert.Equal(reason, Assert.IsType<RelocationMessage.Refused>(got[1]).Reason);
    }

    [Fact]
    public async Task AnEndInTheMiddleOfAMessageIsABrokenLine()
    {
        foreach (var message in Samples.Messages.Where(m => m is not (RelocationMessage.EngineBytes or RelocationMessage.FileBytes)))
        {
            var wire = Wire([message]);
            await Assert.ThrowsAsync<ChannelException>(() => ReadAllAsync(new ChunkStream(wire[..^1], 16)));
        }
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(17, 0)]
    [InlineData(255, 4)]
    [InlineData(1, (1 << 20) + 1)]
    [InlineData(10, (1 << 20) + 1)]
    [InlineData(10, -1)]
    [InlineData(13, 1)]
    [InlineData(18, (1 << 20) + 1)]
    public async Task WhatIsOutOfBoundsIsRefusedBeforeItIsBuffered(byte tag, int length)
    {
        var header = new byte[6];
        header[0] = tag;
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(1), length);
        await Assert.ThrowsAsync<ChannelException>(() => ReadAllAsync(new ChunkStream(header, 6)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(MessageCodec.MaxBulkLength + 1)]
    public async Task ANumberOfZerosOutOfBoundsIsRefused(int zeros)
    {
        var wire = Wire([new RelocationMessage.EngineZeros(1)]);
        BinaryPrimitives.WriteInt32BigEndian(wire.AsSpan(MessageCodec.HeaderLength), zeros);
        Assert.Contains("EngineZeros", (await Assert.ThrowsAsync<ChannelException>(() => ReadAllAsync(new ChunkStream(wire, 9)))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void HostileBytesGiveMessagesOrAChannelExceptionAndNothingElse()
    {
        // Frames whose header is right and whose body is anything, which noise alone would rarely reach.
        var body = Gen.OneOf(Gen.Byte.Array[0, 60], Gen.String[Gen.Char["{}[]\":,0123456789nulltrueoffer"], 0, 60].Select(System.Text.Encoding.UTF8.GetBytes));
        var frame = Gen.Select(Gen.Byte[0, 19], body, (tag, bytes) => (byte[])
            [tag, 0, 0, (byte)(bytes.Length >> 8), (byte)bytes.Length, .. bytes]);
        Gen.OneOf(Gen.Byte.Array[0, 80], frame, Gen.Select(frame, frame, (a, b) => (byte[])[.. a, .. b]))
            .Sample(
                bytes =>
                {
                    try
                    {
                        ReadAllAsync(new ChunkStream(bytes, 7)).GetAwaiter().GetResult();
                    }
                    catch (ChannelException)
                    {
                        // The only way to refuse.
                    }
                },
                iter: 20_000);
    }

    [Fact]
    public void AMangledOfferIsRefusedAsSuch()
    {
        var wire = Wire([Samples.Messages[0]]);
        Gen.Select(Gen.Int[5, wire.Length - 1], Gen.Byte).Sample(
            (at, value) =>
            {
                var mangled = (byte[])wire.Clone();
                mangled[at] = value;
                try
                {
                    ReadAllAsync(new ChunkStream(mangled, 4096)).GetAwaiter().GetResult();
                }
                catch (ChannelException)
                {
                    // The only way to refuse.
                }
            },
            iter: 5_000);
    }

    private static byte[] Wire(IEnumerable<RelocationMessage> messages)
    {
        var output = new MemoryStream();
        var channel = new StreamRelocationChannel(output, "peer");
        foreach (var message in messages)
            channel.SendAsync(message, default).AsTask().GetAwaiter().GetResult();
        return output.ToArray();
    }

    private static async Task<List<RelocationMessage>> ReadAllAsync(Stream stream)
    {
        await using var channel = new StreamRelocationChannel(stream, "peer");
        var got = new List<RelocationMessage>();
        while (await channel.ReceiveAsync(default) is { } message)
        {
            got.Add(message switch
            {
                RelocationMessage.EngineBytes m => new RelocationMessage.EngineBytes(m.Bytes.ToArray()),
                RelocationMessage.FileBytes m => new RelocationMessage.FileBytes(m.Bytes.ToArray()),
                _ => message,
            });
        }
        return got;
    }

    // Pieces of one bulk frame count as one.
    private static List<string> Joined(IEnumerable<RelocationMessage> messages)
    {
        var shown = new List<string>();
        foreach (var text in messages.Select(Samples.Show))
        {
            if (shown.Count > 0 && text.Split(' ') is [("engine" or "file") and var kind, var hex] && shown[^1].StartsWith(kind + " ", StringComparison.Ordinal))
                shown[^1] += hex;
            else
                shown.Add(text);
        }
        return shown;
    }

    private sealed class ChunkStream(byte[] bytes, int chunk) : MemoryStream(bytes, writable: false)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(chunk, buffer.Length)], cancellationToken);
    }
}
