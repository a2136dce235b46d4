using CsCheck;
using Godwit.Relocation.Channel;
using Godwit.Relocation.Protocol;

namespace Godwit.Relocation.Tests.Channel;

public class EnginePumpTests
{
    /// <summary>Bytes and zeros in turns, so that runs begin and end anywhere.</summary>
    private static readonly Gen<byte[]> s_memory = Gen.Select(Gen.Int[0, 3 * ZeroRun.Shortest], Gen.Int[0, 3 * ZeroRun.Shortest])
        .Array[1, 12].Select(parts => parts.SelectMany(part => Enumerable.Repeat((byte)7, part.Item1).Concat(new byte[part.Item2])).ToArray());

    [Fact]
    public void WhatCrossesTheLineIsWhatTheEngineSaid() =>
        s_memory.Sample(memory => Pump(memory, shorten: true).Bytes.AsSpan().SequenceEqual(memory), iter: 300);

    [Fact]
    public void OfZerosOnlyWhatIsShorterThanAPageCrosses() =>
        s_memory.Sample(
            memory =>
            {
                foreach (var message in Pump(memory, shorten: true).Messages.OfType<RelocationMessage.EngineBytes>())
                {
                    var (run, longest) = (0, 0);
                    foreach (var b in message.Bytes.Span) longest = Math.Max(longest, run = b == 0 ? run + 1 : 0);
                    Assert.InRange(longest, 0, ZeroRun.Shortest - 1);
                }
            },
            iter: 100);

    [Fact]
    public void ASideThatDoesNotKnowThemIsSentThemAll()
    {
        var (messages, bytes) = Pump(new byte[10 * ZeroRun.Shortest], shorten: false);
        Assert.DoesNotContain(messages, message => message is RelocationMessage.EngineZeros);
        Assert.Equal(10 * ZeroRun.Shortest, bytes.Length);
    }

    private static (List<RelocationMessage> Messages, byte[] Bytes) Pump(byte[] memory, bool shorten)
    {
        var channel = new Kept();
        var pump = new EnginePump(new MemoryStream(memory), channel, shorten);
        pump.RunAsync(CancellationToken.None).GetAwaiter().GetResult();
        Assert.Equal(memory.Length, pump.Bytes);
        Assert.IsType<RelocationMessage.EngineEnd>(channel.Messages[^1]);
        return (channel.Messages, [.. channel.Messages.SelectMany(message => message switch
        {
            RelocationMessage.EngineBytes m => m.Bytes.ToArray(),
            RelocationMessage.EngineZeros m => new byte[m.Length],
            _ => [],
        })]);
    }

    private sealed class Kept : IRelocationChannel
    {
        public List<RelocationMessage> Messages { get; } = [];

        public string Peer => "peer";

        public ValueTask SendAsync(RelocationMessage message, CancellationToken cancellationToken)
        {
            Messages.Add(message is RelocationMessage.EngineBytes m ? new RelocationMessage.EngineBytes(m.Bytes.ToArray()) : message);
            return ValueTask.CompletedTask;
        }

        public ValueTask<RelocationMessage?> ReceiveAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
