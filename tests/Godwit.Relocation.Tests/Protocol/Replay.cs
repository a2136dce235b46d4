using System.Threading.Channels;
using Godwit.Relocation.Channel;
using Godwit.Relocation.Protocol;

namespace Godwit.Relocation.Tests.Protocol;

/// <summary>
/// Plays one side of a recorded conversation: says what it said, each message once the other side has said what had
/// come before it then. Of bytes it is the number that counts, not the pieces.
/// </summary>
internal sealed class Replay(Transcript then, Side played, ChannelReader<byte[]> heard, ChannelWriter<byte[]> says)
{
    private readonly Dictionary<byte, int> _messages = [];
    private readonly Dictionary<byte, int> _expected = [];

    public static (IRelocationChannel Line, Replay Replay) Of(Transcript then, Side played, Transcript now)
    {
        var (there, back) = (RecordedEnd.Line(), RecordedEnd.Line());
        var other = played == Side.Source ? Side.Destination : Side.Source;
        var line = new StreamRelocationChannel(
            new RecordedEnd(other, now, there.Reader, back.Writer), played == Side.Source ? "resource-1" : "resource-2");
        return (line, new Replay(then, played, back.Reader, there.Writer));
    }

    /// <param name="before">Called before a message of the played side goes out.</param>
    public async Task RunAsync(Action<MessageTag>? before = null)
    {
        foreach (var line in then.Lines)
        {
            var (side, frame) = Transcript.Parse(line);
            if (side == played)
            {
                before?.Invoke((MessageTag)frame[0]);
                says.TryWrite(frame);
            }
            else
            {
                Count(_expected, frame);
                while (_messages.GetValueOrDefault(frame[0]) < _expected[frame[0]])
                {
                    if (!await heard.WaitToReadAsync() || !heard.TryRead(out var message))
                        throw new InvalidOperationException($"The other side ended before it said {(MessageTag)frame[0]}.");
                    Count(_messages, message);
                }
            }
        }
        says.TryComplete();
    }

    private static void Count(Dictionary<byte, int> counts, byte[] frame) =>
        counts[frame[0]] = counts.GetValueOrDefault(frame[0])
            + (MessageCodec.IsBulk((MessageTag)frame[0]) ? frame.Length - MessageCodec.HeaderLength : 1);
}
