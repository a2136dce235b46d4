using System.Buffers.Binary;
using System.IO.Pipelines;

namespace Godwit.Nbd;

/// <summary>
/// The fixed newstyle handshake.
/// <code>
///   server  NBDMAGIC(8) IHAVEOPT(8) handshake flags(2)
///   client  client flags(4)
///   client  IHAVEOPT(8) option(4) length(4) data ─┐ until EXPORT_NAME, GO or ABORT
///   server  magic(8) option(4) type(4) length(4) ─┘
/// </code>
/// The one export answers to every name: the socket tells which disk it is.
/// </summary>
internal sealed class NbdNegotiation(INbdDevice device, PipeReader reader, Stream output)
{
    private const string Name = "";
    private const int ZeroesAfterExportName = 124;
    private readonly byte[] _option = new byte[NbdProtocol.LongestOption];
    private bool _noZeroes;
    private NbdSession _session;

    /// <returns>What was agreed on; null: the client does not go on to use the device.</returns>
    public async Task<NbdSession?> RunAsync(CancellationToken cancellationToken)
    {
        var hello = new byte[18];
        BinaryPrimitives.WriteUInt64BigEndian(hello, NbdProtocol.NBDMAGIC);
        BinaryPrimitives.WriteUInt64BigEndian(hello.AsSpan(8), NbdProtocol.IHAVEOPT);
        BinaryPrimitives.WriteUInt16BigEndian(hello.AsSpan(16), (ushort)(HandshakeFlags.FixedNewstyle | HandshakeFlags.NoZeroes));
        await output.WriteAsync(hello, cancellationToken).ConfigureAwait(false);

        var header = new byte[NbdProtocol.OptionBytes];
        if (!await reader.ReadExactlyAsync(header.AsMemory(0, 4), cancellationToken).ConfigureAwait(false)) return null;
        var flags = BinaryPrimitives.ReadUInt32BigEndian(header);
        if ((flags & ~3u) != 0) throw new NbdProtocolException($"unknown client flags 0x{flags:x}");
        _noZeroes = (flags & (uint)HandshakeFlags.NoZeroes) != 0;

        while (await reader.ReadExactlyAsync(header, cancellationToken).ConfigureAwait(false))
        {
            if (BinaryPrimitives.ReadUInt64BigEndian(header) != NbdProtocol.IHAVEOPT)
                throw new NbdProtocolException("an option does not begin with its magic number");
            var option = (NbdOption)BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(8));
            var length = BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(12));
            if (length > NbdProtocol.LongestOption)
            {
                if (length > NbdServer.LongestRequest || option == NbdOption.ExportName)
                    throw new NbdProtocolException($"an option of {length} bytes");
                await reader.SkipAsync(length, cancellationToken).ConfigureAwait(false);
                await ReplyAsync(option, OptionReply.TooBig, default, cancellationToken).ConfigureAwait(false);
                continue;
            }
            await reader.ReadExactlyAsync(_option.AsMemory(0, (int)length), cancellationToken).ConfigureAwait(false);
            switch (option)
            {
                case NbdOption.ExportName:
                    await SendExportAsync(cancellationToken).ConfigureAwait(false);
                    return _session;
                case NbdOption.Abort:
                    await ReplyAsync(option, OptionReply.Ack, default, cancellationToken).ConfigureAwait(false);
                    return null;
                case NbdOption.List:
                    await ListAsync(length, cancellationToken).ConfigureAwait(false);
                    break;
                case NbdOption.Info or NbdOption.Go:
                    if (await InfoAsync(option, (int)length, cancellationToken).ConfigureAwait(false) && option == NbdOption.Go)
                        return _session;
                    break;
                case NbdOption.StructuredReply:
                    _session = _session with { Structured = _session.Structured || length == 0 };
                    await ReplyAsync(option, length == 0 ? OptionReply.Ack : OptionReply.Invalid, default, cancellationToken).ConfigureAwait(false);
                    break;
                case NbdOption.ListMetaContext or NbdOption.SetMetaContext:
                    await ContextAsync(option, (int)length, cancellationToken).ConfigureAwait(false);
                    break;
                default:
                    await ReplyAsync(option, OptionReply.Unsupported, default, cancellationToken).ConfigureAwait(false);
                    break;
            }
        }
        return null;
    }

    private TransmissionFlags Flags =>
        TransmissionFlags.HasFlags | TransmissionFlags.SendFlush | TransmissionFlags.SendFua | TransmissionFlags.CanMultiConn
        | (_session.Structured ? TransmissionFlags.SendDf : 0)
        | (device.ReadOnly ? TransmissionFlags.ReadOnly : TransmissionFlags.SendWriteZeroes)
        | (device is { ReadOnly: false, Discards: true } ? TransmissionFlags.SendTrim : 0);

    // size(8) transmission flags(2), then zeroes for clients that did not ask to be spared them.
    private async Task SendExportAsync(CancellationToken cancellationToken)
    {
        var reply = new byte[10 + (_noZeroes ? 0 : ZeroesAfterExportName)];
        BinaryPrimitives.WriteInt64BigEndian(reply, device.SizeBytes);
        BinaryPrimitives.WriteUInt16BigEndian(reply.AsSpan(8), (ushort)Flags);
        await output.WriteAsync(reply, cancellationToken).ConfigureAwait(false);
    }

    private async Task ListAsync(uint length, CancellationToken cancellationToken)
    {
        if (length != 0)
        {
            await ReplyAsync(NbdOption.List, OptionReply.Invalid, default, cancellationToken).ConfigureAwait(false);
            return;
        }
        // name length(4) name
        await ReplyAsync(NbdOption.List, OptionReply.Server, new byte[4 + Name.Length], cancellationToken).ConfigureAwait(false);
        await ReplyAsync(NbdOption.List, OptionReply.Ack, default, cancellationToken).ConfigureAwait(false);
    }

    // name length(4) name, number of requests(2), requests(2 each)
    private async Task<bool> InfoAsync(NbdOption option, int length, CancellationToken cancellationToken)
    {
        if (!IsSound(_option.AsSpan(0, length)))
        {
            await ReplyAsync(option, OptionReply.Invalid, default, cancellationToken).ConfigureAwait(false);
            return false;
        }
        // type(2) size(8) transmission flags(2)
        var export = new byte[12];
        BinaryPrimitives.WriteUInt16BigEndian(export, (ushort)InfoType.Export);
        BinaryPrimitives.WriteInt64BigEndian(export.AsSpan(2), device.SizeBytes);
        BinaryPrimitives.WriteUInt16BigEndian(export.AsSpan(10), (ushort)Flags);
        await ReplyAsync(option, OptionReply.Info, export, cancellationToken).ConfigureAwait(false);
        // type(2) minimum(4) preferred(4) maximum(4)
        var blocks = new byte[14];
        BinaryPrimitives.WriteUInt16BigEndian(blocks, (ushort)InfoType.BlockSize);
        BinaryPrimitives.WriteInt32BigEndian(blocks.AsSpan(2), device.BlockBytes);
        BinaryPrimitives.WriteInt32BigEndian(blocks.AsSpan(6), device.PreferredBytes);
        BinaryPrimitives.WriteInt32BigEndian(blocks.AsSpan(10), NbdServer.LongestRequest);
        await ReplyAsync(option, OptionReply.Info, blocks, cancellationToken).ConfigureAwait(false);
        await ReplyAsync(option, OptionReply.Ack, default, cancellationToken).ConfigureAwait(false);
        return true;
    }

    private async Task ContextAsync(NbdOption option, int length, CancellationToken cancellationToken)
    {
        var asked = _session.Structured ? MetaContexts.Asked(_option.AsSpan(0, length), lists: option == NbdOption.ListMetaContext) : null;
        if (option == NbdOption.SetMetaContext)
            _session = _session with { Allocation = asked == true };
        if (asked == true)
        {
            // context id(4) name
            var context = new byte[4 + MetaContexts.Allocation.Length];
            BinaryPrimitives.WriteUInt32BigEndian(context, MetaContexts.AllocationId);
            MetaContexts.Allocation.CopyTo(context.AsSpan(4));
            await ReplyAsync(option, OptionReply.MetaContext, context, cancellationToken).ConfigureAwait(false);
        }
        await ReplyAsync(option, asked is null ? OptionReply.Invalid : OptionReply.Ack, default, cancellationToken).ConfigureAwait(false);
    }

    private static bool IsSound(ReadOnlySpan<byte> data)
    {
        if (data.Length < 6) return false;
        var name = BinaryPrimitives.ReadUInt32BigEndian(data);
        if (name > data.Length - 6) return false;
        var requests = BinaryPrimitives.ReadUInt16BigEndian(data[(4 + (int)name)..]);
        return data.Length == 6 + (int)name + 2 * requests;
    }

    private async Task ReplyAsync(
        NbdOption option, OptionReply type, ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        var reply = new byte[NbdProtocol.OptionReplyBytes + data.Length];
        BinaryPrimitives.WriteUInt64BigEndian(reply, NbdProtocol.OptionReplyMagic);
        BinaryPrimitives.WriteUInt32BigEndian(reply.AsSpan(8), (uint)option);
        BinaryPrimitives.WriteUInt32BigEndian(reply.AsSpan(12), (uint)type);
        BinaryPrimitives.WriteInt32BigEndian(reply.AsSpan(16), data.Length);
        data.CopyTo(reply.AsMemory(NbdProtocol.OptionReplyBytes));
        await output.WriteAsync(reply, cancellationToken).ConfigureAwait(false);
    }
}
