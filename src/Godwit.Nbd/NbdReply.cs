using System.Buffers.Binary;

namespace Godwit.Nbd;

/// <summary>
/// The reply to a request, in one piece.
/// <code>
///   simple      magic(4) error(4) cookie(8)                              data of a READ
///   structured  magic(4) flags(2) type(2) cookie(8) length(4)  OFFSET_DATA   offset(8) data
///                                                              BLOCK_STATUS  context(4), extent: length(4) flags(4)
///                                                              ERROR         error(4) message length(2)
/// </code>
/// A client that has agreed on structured replies gets one where there may be data; the others are simple for all.
/// </summary>
internal static class NbdReply
{
    private const int OffsetBytes = 8, StatusBytes = 12, ErrorBytes = 6;

    /// <summary>The longest header of a read's data.</summary>
    public const int MostBytes = NbdProtocol.StructuredReplyBytes + StatusBytes;

    /// <summary>Where the data of a read goes.</summary>
    public static int DataOffset(NbdSession session) =>
        session.Structured ? NbdProtocol.StructuredReplyBytes + OffsetBytes : NbdProtocol.SimpleReplyBytes;

    /// <summary>Writes what stands before the data, which is in place already.</summary>
    /// <returns>Length of the reply, in bytes.</returns>
    public static int Write(Span<byte> reply, NbdSession session, NbdRequest request, NbdError error)
    {
        if (!session.Structured || request.Command is not (NbdCommand.Read or NbdCommand.BlockStatus))
            return WriteSimple(reply, request, error);
        if (error != NbdError.None)
        {
            WriteHeader(reply, ReplyType.Error, request.Cookie, ErrorBytes);
            BinaryPrimitives.WriteUInt32BigEndian(reply[NbdProtocol.StructuredReplyBytes..], (uint)error);
            BinaryPrimitives.WriteUInt16BigEndian(reply[(NbdProtocol.StructuredReplyBytes + 4)..], 0);
            return NbdProtocol.StructuredReplyBytes + ErrorBytes;
        }
        if (request.Command == NbdCommand.BlockStatus)
        {
            WriteHeader(reply, ReplyType.BlockStatus, request.Cookie, StatusBytes);
            BinaryPrimitives.WriteUInt32BigEndian(reply[NbdProtocol.StructuredReplyBytes..], MetaContexts.AllocationId);
            BinaryPrimitives.WriteUInt32BigEndian(reply[(NbdProtocol.StructuredReplyBytes + 4)..], request.Length);
            // Neither a hole nor known to be zero.
            BinaryPrimitives.WriteUInt32BigEndian(reply[(NbdProtocol.StructuredReplyBytes + 8)..], 0);
            return NbdProtocol.StructuredReplyBytes + StatusBytes;
        }
        WriteHeader(reply, ReplyType.OffsetData, request.Cookie, OffsetBytes + (int)request.Length);
        BinaryPrimitives.WriteUInt64BigEndian(reply[NbdProtocol.StructuredReplyBytes..], request.Offset);
        return DataOffset(session) + (int)request.Length;
    }

    private static int WriteSimple(Span<byte> reply, NbdRequest request, NbdError error)
    {
        BinaryPrimitives.WriteUInt32BigEndian(reply, NbdProtocol.SimpleReplyMagic);
        BinaryPrimitives.WriteUInt32BigEndian(reply[4..], (uint)error);
        BinaryPrimitives.WriteUInt64BigEndian(reply[8..], request.Cookie);
        return NbdProtocol.SimpleReplyBytes + (error == NbdError.None && request.Command == NbdCommand.Read ? (int)request.Length : 0);
    }

    private static void WriteHeader(Span<byte> reply, ReplyType type, ulong cookie, int length)
    {
        BinaryPrimitives.WriteUInt32BigEndian(reply, NbdProtocol.StructuredReplyMagic);
        BinaryPrimitives.WriteUInt16BigEndian(reply[4..], (ushort)ReplyFlags.Done);
        BinaryPrimitives.WriteUInt16BigEndian(reply[6..], (ushort)type);
        BinaryPrimitives.WriteUInt64BigEndian(reply[8..], cookie);
        BinaryPrimitives.WriteInt32BigEndian(reply[16..], length);
    }
}
