using System.Buffers;
using System.Buffers.Binary;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Godwit.Relocation.Channel;

namespace Godwit.Relocation.Protocol;

/// <summary>
/// Messages on the wire:
/// <code>
///  0        1                    5
///  +--------+--------------------+-------------------------+
///  |  tag   |  length, big-end.  |  length bytes of body   |
///  +--------+--------------------+-------------------------+
/// </code>
/// The body is UTF-8 JSON, or the bytes themselves for <see cref="MessageTag.EngineBytes"/> and
/// <see cref="MessageTag.FileBytes"/>, or their number, four bytes, big-endian, for <see cref="MessageTag.EngineZeros"/>. A length over the bound of its tag is refused before anything is buffered.
/// </summary>
internal static class MessageCodec
{
    public const int HeaderLength = 5;
    private const int LengthOffset = 1;
    private const int NumberLength = 4;

    /// <summary>Bound of a JSON body in bytes. An offer with a hundred disks stays far below.</summary>
    public const int MaxControlLength = 1 << 20;

    /// <summary>Bound of a frame of bulk bytes.</summary>
    public const int MaxBulkLength = 1 << 20;

    public static bool IsBulk(MessageTag tag) => tag is MessageTag.EngineBytes or MessageTag.FileBytes;

    /// <summary>Writes the header and, for control messages, the body. Bulk bytes are the caller's to append.</summary>
    public static void Write(RelocationMessage message, ArrayBufferWriter<byte> output)
    {
        switch (message)
        {
            case RelocationMessage.Hello m: Json(MessageTag.Hello, m, RelocationJson.Default.Hello, output); break;
            case RelocationMessage.Welcome m: Json(MessageTag.Welcome, m, RelocationJson.Default.Welcome, output); break;
            case RelocationMessage.Refused m: Json(MessageTag.Refused, m, RelocationJson.Default.Refused, output); break;
            case RelocationMessage.ClockQuestion m: Json(MessageTag.ClockQuestion, m, RelocationJson.Default.ClockQuestion, output); break;
            case RelocationMessage.ClockAnswer m: Json(MessageTag.ClockAnswer, m, RelocationJson.Default.ClockAnswer, output); break;
            case RelocationMessage.BootFile m: Json(MessageTag.BootFile, m, RelocationJson.Default.BootFile, output); break;
            case RelocationMessage.FileBytes m: Bulk(MessageTag.FileBytes, m.Bytes.Length, output); break;
            case RelocationMessage.Prepare: Empty(MessageTag.Prepare, output); break;
            case RelocationMessage.Prepared: Empty(MessageTag.Prepared, output); break;
            case RelocationMessage.EngineBytes m: Bulk(MessageTag.EngineBytes, m.Bytes.Length, output); break;
            case RelocationMessage.EngineZeros m: Zeros(m.Length, output); break;
            case RelocationMessage.EngineEnd: Empty(MessageTag.EngineEnd, output); break;
            case RelocationMessage.Stopping m: Json(MessageTag.Stopping, m, RelocationJson.Default.Stopping, output); break;
            case RelocationMessage.Handover: Empty(MessageTag.Handover, output); break;
            case RelocationMessage.Frames m: Json(MessageTag.Frames, m, RelocationJson.Default.Frames, output); break;
            case RelocationMessage.Running m: Json(MessageTag.Running, m, RelocationJson.Default.Running, output); break;
            case RelocationMessage.GaveBack m: Json(MessageTag.GaveBack, m, RelocationJson.Default.GaveBack, output); break;
            case RelocationMessage.Failed m: Json(MessageTag.Failed, m, RelocationJson.Default.Failed, output); break;
            default: throw new ArgumentOutOfRangeException(nameof(message), message.GetType().Name, "No tag is defined.");
        }
    }

    /// <exception cref="ChannelException">The tag is unknown or the length is out of bounds.</exception>
    public static (MessageTag Tag, int Length) ReadHeader(ReadOnlySpan<byte> header)
    {
        var tag = (MessageTag)header[0];
        var length = BinaryPrimitives.ReadUInt32BigEndian(header[LengthOffset..]);
        if (!Enum.IsDefined(tag))
            throw new ChannelException($"The other side sent a message with the unknown tag {header[0]}; are the versions of godwitd the same?");
        var bound = IsBulk(tag) ? MaxBulkLength : MaxControlLength;
        if (length > bound)
            throw new ChannelException($"The other side sent a {tag} of {length} bytes; at most {bound} are allowed.");
        return (tag, (int)length);
    }

    /// <exception cref="ChannelException">The body is not what the tag promises.</exception>
    public static RelocationMessage ReadControl(MessageTag tag, ReadOnlySpan<byte> body) => tag switch
    {
        MessageTag.Hello => Json(tag, body, RelocationJson.Default.Hello),
        MessageTag.Welcome => Json(tag, body, RelocationJson.Default.Welcome),
        MessageTag.Refused => Json(tag, body, RelocationJson.Default.Refused),
        MessageTag.ClockQuestion => Json(tag, body, RelocationJson.Default.ClockQuestion),
        MessageTag.ClockAnswer => Json(tag, body, RelocationJson.Default.ClockAnswer),
        MessageTag.BootFile => Json(tag, body, RelocationJson.Default.BootFile),
        MessageTag.Prepare => Empty(tag, body, new RelocationMessage.Prepare()),
        MessageTag.Prepared => Empty(tag, body, new RelocationMessage.Prepared()),
        MessageTag.EngineZeros => Zeros(body),
        MessageTag.EngineEnd => Empty(tag, body, new RelocationMessage.EngineEnd()),
        MessageTag.Stopping => Json(tag, body, RelocationJson.Default.Stopping),
        MessageTag.Handover => Empty(tag, body, new RelocationMessage.Handover()),
        MessageTag.Frames => Json(tag, body, RelocationJson.Default.Frames),
        MessageTag.Running => Json(tag, body, RelocationJson.Default.Running),
        MessageTag.GaveBack => Json(tag, body, RelocationJson.Default.GaveBack),
        MessageTag.Failed => Json(tag, body, RelocationJson.Default.Failed),
        _ => throw new ChannelException($"{tag} carries bytes, not a control message."),
    };

    private static void Empty(MessageTag tag, ArrayBufferWriter<byte> output) => Header(tag, 0, output);

    private static void Bulk(MessageTag tag, int length, ArrayBufferWriter<byte> output)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, MaxBulkLength);
        Header(tag, length, output);
    }

    private static void Zeros(int length, ArrayBufferWriter<byte> output)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, MaxBulkLength);
        Header(MessageTag.EngineZeros, NumberLength, output);
        BinaryPrimitives.WriteInt32BigEndian(output.GetSpan(NumberLength), length);
        output.Advance(NumberLength);
    }

    private static RelocationMessage.EngineZeros Zeros(ReadOnlySpan<byte> body) =>
        body.Length == NumberLength && BinaryPrimitives.ReadInt32BigEndian(body) is var length and >= 1 and <= MaxBulkLength
            ? new RelocationMessage.EngineZeros(length)
            : throw new ChannelException($"The other side sent {MessageTag.EngineZeros} that is not a number from 1 to {MaxBulkLength} in {NumberLength} bytes.");

    private static void Json<T>(MessageTag tag, T message, JsonTypeInfo<T> type, ArrayBufferWriter<byte> output)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(message, type);
        Header(tag, body.Length, output);
        output.Write(body);
    }

    private static void Header(MessageTag tag, int length, ArrayBufferWriter<byte> output)
    {
        var header = output.GetSpan(HeaderLength);
        header[0] = (byte)tag;
        BinaryPrimitives.WriteUInt32BigEndian(header[LengthOffset..], (uint)length);
        output.Advance(HeaderLength);
    }

    private static T Json<T>(MessageTag tag, ReadOnlySpan<byte> body, JsonTypeInfo<T> type)
        where T : RelocationMessage
    {
        try
        {
            return JsonSerializer.Deserialize(body, type) ?? throw new JsonException("The body is null.");
        }
        catch (JsonException e)
        {
            throw new ChannelException($"The other side sent a {tag} that cannot be read: {e.Message}", e);
        }
    }

    private static RelocationMessage Empty(MessageTag tag, ReadOnlySpan<byte> body, RelocationMessage message) =>
        body.IsEmpty ? message : throw new ChannelException($"The other side sent a {tag} with a body; it has none.");
}
