using System.Collections.Immutable;
using System.Text.Json;
using System.Threading.Channels;
using Godwit.Relocation.Channel;
using Godwit.Relocation.Protocol;

namespace Godwit.Relocation.Tests.Protocol;

/// <summary>
/// What two sides of some version said to each other, a line for each message:
/// <code>
/// source 1 {"lowestVersion":1,…}        the side, the tag, the body
/// source 10 hex:a0a0…                   bytes
/// destination 9
/// </code>
/// </summary>
internal sealed class Transcript
{
    private readonly List<string> _lines = [];

    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (_lines)
                return [.. _lines];
        }
    }

    public static Transcript Read(string name)
    {
        var transcript = new Transcript();
        transcript._lines.AddRange(File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "Protocol", "Transcripts", name)));
        return transcript;
    }

    public void Add(Side side, byte[] frame)
    {
        var body = frame.AsSpan(MessageCodec.HeaderLength);
        var text = (MessageTag)frame[0] is MessageTag.FileBytes or MessageTag.EngineBytes or MessageTag.EngineZeros ? "hex:" + Convert.ToHexStringLower(body) : System.Text.Encoding.UTF8.GetString(body);
        lock (_lines)
            _lines.Add($"{(side == Side.Source ? "source" : "destination")} {frame[0]} {text}".TrimEnd());
    }

    public static (Side Side, byte[] Frame) Parse(string line)
    {
        var parts = line.Split(' ', 3);
        var body = parts.Length < 3 ? [] : parts[2].StartsWith("hex:", StringComparison.Ordinal)
            ? Convert.FromHexString(parts[2][4..])
            : System.Text.Encoding.UTF8.GetBytes(parts[2]);
        var frame = new byte[MessageCodec.HeaderLength + body.Length];
        frame[0] = byte.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture);
        System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), body.Length);
        body.CopyTo(frame, MessageCodec.HeaderLength);
        return (parts[0] == "source" ? Side.Source : Side.Destination, frame);
    }

    /// <summary>
    /// Side, tag, and the names of all members, those of what they hold too: <c>source 17 {ports:[[]]}</c>. Values have no shape,
    /// and the bytes of an engine may come in other pieces.
    /// </summary>
    public static string Shape(string line)
    {
        var parts = line.Split(' ', 3);
        return parts.Length == 3 && parts[2].StartsWith('{')
            ? $"{parts[0]} {parts[1]} {Shape(JsonDocument.Parse(parts[2]).RootElement)}"
            : $"{parts[0]} {parts[1]}";
    }

    private static string Shape(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => $"{{{string.Join(',', element.EnumerateObject().Select(p => Shape(p.Value) is { Length: > 0 } inner ? $"{p.Name}:{inner}" : p.Name))}}}",
        JsonValueKind.Array => $"[{string.Join(',', element.EnumerateArray().Select(Shape).Where(s => s.Length > 0).Distinct())}]",
        _ => "",
    };
}

internal enum Side
{
    Source = 1,
    Destination,
}

/// <summary>
/// One end of a line whose bytes are the shipped codec's. What is sent through it is written down, frame by frame.
/// </summary>
internal sealed class RecordedEnd(Side side, Transcript transcript, ChannelReader<byte[]> incoming, ChannelWriter<byte[]> outgoing) : Stream
{
    private readonly List<byte> _unfinished = [];
    private byte[] _read = [];
    private int _at;

    public static (IRelocationChannel Source, IRelocationChannel Destination) Pair(Transcript transcript)
    {
        var (there, back) = (Line(), Line());
        return (new StreamRelocationChannel(new RecordedEnd(Side.Source, transcript, back.Reader, there.Writer), "resource-2"),
            new StreamRelocationChannel(new RecordedEnd(Side.Destination, transcript, there.Reader, back.Writer), "resource-1"));
    }

    public static Channel<byte[]> Line() => System.Threading.Channels.Channel.CreateUnbounded<byte[]>();

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (_at == _read.Length)
        {
            if (!await incoming.WaitToReadAsync(cancellationToken) || !incoming.TryRead(out var next))
                return 0;
            (_read, _at) = (next, 0);
        }
        var count = Math.Min(buffer.Length, _read.Length - _at);
        _read.AsMemory(_at, count).CopyTo(buffer);
        _at += count;
        return count;
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        _unfinished.AddRange(buffer.Span);
        while (_unfinished.Count >= MessageCodec.HeaderLength)
        {
            var length = MessageCodec.HeaderLength
                + System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian([.. _unfinished.GetRange(1, 4)]);
            if (_unfinished.Count < length)
                break;
            var frame = _unfinished.GetRange(0, length).ToArray();
            _unfinished.RemoveRange(0, length);
            transcript.Add(side, frame);
            outgoing.TryWrite(frame);
        }
        return ValueTask.CompletedTask;
    }

    protected override void Dispose(bool disposing)
    {
        outgoing.TryComplete();
        base.Dispose(disposing);
    }

    public override void Flush()
    {
        // A frame goes when it is whole.
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
