using System.Buffers.Binary;

namespace Godwit.Nbd;

/// <summary>
/// A request of the transmission phase.
/// <code>
///   0        4        6       8        16       24       28
///   +--------+--------+-------+--------+--------+--------+------
///   | magic  | flags  | type  | cookie | offset | length | data of a WRITE
///   +--------+--------+-------+--------+--------+--------+------
/// </code>
/// </summary>
internal readonly record struct NbdRequest(
    CommandFlags Flags, NbdCommand Command, ulong Cookie, ulong Offset, uint Length)
{
    /// <exception cref="NbdProtocolException">It does not begin with its magic number.</exception>
    public static NbdRequest Read(ReadOnlySpan<byte> bytes)
    {
        if (BinaryPrimitives.ReadUInt32BigEndian(bytes) != NbdProtocol.RequestMagic)
            throw new NbdProtocolException("a request does not begin with its magic number");
        return new NbdRequest(
            (CommandFlags)BinaryPrimitives.ReadUInt16BigEndian(bytes[4..]),
            (NbdCommand)BinaryPrimitives.ReadUInt16BigEndian(bytes[6..]),
            BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]),
            BinaryPrimitives.ReadUInt64BigEndian(bytes[16..]),
            BinaryPrimitives.ReadUInt32BigEndian(bytes[24..]));
    }

    /// <summary>What is wrong with the request for a device; <see cref="NbdError.None"/> when nothing is.</summary>
    public NbdError Check(INbdDevice device, NbdSession session)
    {
        var allowed = Command switch
        {
            NbdCommand.Write => CommandFlags.Fua,
            NbdCommand.WriteZeroes => CommandFlags.Fua | CommandFlags.NoHole,
            // A read is answered in one piece in any case.
            NbdCommand.Read when session.Structured => CommandFlags.Fua | CommandFlags.Df,
            NbdCommand.BlockStatus => CommandFlags.Fua | CommandFlags.ReqOne,
            // Harmless where it means nothing: the specification asks servers to let it pass.
            _ => CommandFlags.Fua,
        };
        if ((Flags & ~allowed) != 0)
            return (Flags & CommandFlags.FastZero) != 0 && Command == NbdCommand.WriteZeroes ? NbdError.NotSupported : NbdError.Invalid;
        switch (Command)
        {
            case NbdCommand.Flush:
                return NbdError.None;
            case NbdCommand.Read:
                if (Length > NbdServer.LongestRequest) return NbdError.Overflow;
                break;
            case NbdCommand.Trim when !device.Discards:
                return NbdError.Invalid;
            case NbdCommand.Write or NbdCommand.WriteZeroes or NbdCommand.Trim:
                if (device.ReadOnly) return NbdError.Permission;
                break;
            case NbdCommand.BlockStatus when session.Allocation:
                break;
            default:
                return NbdError.Invalid;
        }
        if (Length == 0 || Length % (uint)device.BlockBytes != 0 || Offset % (uint)device.BlockBytes != 0) return NbdError.Invalid;
        var size = (ulong)device.SizeBytes;
        if (Offset <= size && Length <= size - Offset) return NbdError.None;
        return Command is NbdCommand.Read or NbdCommand.BlockStatus ? NbdError.Invalid : NbdError.NoSpace;
    }
}
