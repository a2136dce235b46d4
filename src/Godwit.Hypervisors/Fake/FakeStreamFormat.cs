using System.Buffers.Binary;

namespace Godwit.Hypervisors.Fake;

/// <summary>
/// What a fake engine sends to the other:
/// <code>
///  0       1                5
///  +-------+----------------+------------------------+
///  | kind  | length, big-e. | length bytes           |
///  +-------+----------------+------------------------+
///  kind 1: memory of a round (its bytes mean nothing)
///  kind 2: state: boot (16 bytes), counter (8 bytes, big-endian); the last record
///  kind 3, from the receiver: loaded
/// </code>
/// </summary>
internal static class FakeStreamFormat
{
    public const byte Memory = 1;
    public const byte State = 2;
    public const byte Loaded = 3;
    public const int HeaderLength = 5;
    public const int StateLength = 24;

    public static byte[] Record(byte kind, ReadOnlySpan<byte> body)
    {
        var record = new byte[HeaderLength + body.Length];
        record[0] = kind;
        BinaryPrimitives.WriteInt32BigEndian(record.AsSpan(1), body.Length);
        body.CopyTo(record.AsSpan(HeaderLength));
        return record;
    }

    public static byte[] StateRecord(FakeMemory memory)
    {
        Span<byte> body = stackalloc byte[StateLength];
        memory.Boot.TryWriteBytes(body);
        BinaryPrimitives.WriteInt64BigEndian(body[16..], memory.Counter);
        return Record(State, body);
    }

    /// <summary>The next record at the start of <paramref name="bytes"/>; false: it is not complete yet.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out byte kind, out ReadOnlySpan<byte> body, out int consumed)
    {
        kind = 0;
        body = default;
        consumed = 0;
        if (bytes.Length < HeaderLength)
            return false;
        var length = BinaryPrimitives.ReadInt32BigEndian(bytes[1..]);
        if (length < 0 || bytes[0] is < Memory or > Loaded)
            throw new InvalidDataException("not a stream of a fake engine");
        if (bytes.Length < HeaderLength + length)
            return false;
        kind = bytes[0];
        body = bytes.Slice(HeaderLength, length);
        consumed = HeaderLength + length;
        return true;
    }

    public static FakeMemory ReadState(ReadOnlySpan<byte> body) =>
        new(new Guid(body[..16]), BinaryPrimitives.ReadInt64BigEndian(body[16..]));
}
