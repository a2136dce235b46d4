using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace Godwit.Nbd;

/// <summary>
/// The transmission phase: requests are started in the order they come and answered in the order they end. Reading
/// stops while too many are open, so that a client cannot make the server hold more than a bounded amount.
/// </summary>
internal sealed partial class NbdTransmission : IDisposable
{
    private const int MostOpen = 64;

    /// <summary>Zeroes are written in pieces of this many bytes, as they cross the network like other data.</summary>
    private const int ZeroPiece = 256 << 10;
    private static readonly byte[] Zeroes = new byte[ZeroPiece];

    private readonly INbdDevice _device;
    private readonly NbdSession _session;
    private readonly PipeReader _reader;
    private readonly ILogger _logger;
    private readonly NbdReplies _replies;
    private readonly SemaphoreSlim _open = new(MostOpen);

    public NbdTransmission(INbdDevice device, NbdSession session, PipeReader reader, Socket socket, ILogger logger)
    {
        (_device, _session, _reader, _logger) = (device, session, reader, logger);
        _replies = new NbdReplies(device, socket, () => _open.Release(), logger);
    }

    public async Task<NbdConnectionEnd> RunAsync(CancellationToken cancellationToken)
    {
        var header = new byte[NbdProtocol.RequestBytes];
        try
        {
            while (true)
            {
                var there = await _reader.ReadAtLeastAsync(header.Length, cancellationToken).ConfigureAwait(false);
                _reader.AdvanceTo(there.Buffer.Start);
                if (there.Buffer.Length < header.Length) return NbdConnectionEnd.Lost;
                if (StartWhatIsThere()) continue;
                // The next one is to be waited for: for its data, or until another has ended.
                await _reader.ReadExactlyAsync(header, cancellationToken).ConfigureAwait(false);
                var request = NbdRequest.Read(header);
                if (request.Command == NbdCommand.Disconnect) return NbdConnectionEnd.Disconnected;
                var data = await ReadDataAsync(request, cancellationToken).ConfigureAwait(false);
                await _open.WaitAsync(cancellationToken).ConfigureAwait(false);
                _ = ExecuteAsync(request, data);
            }
        }
        finally
        {
            // What is open ends before the connection does: its buffers are in use, and its writes were promised.
            for (var i = 0; i < MostOpen; i++) await _open.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        }
    }

    public void Dispose() => _open.Dispose();

    /// <returns>False when there is one that cannot be started yet.</returns>
    private bool StartWhatIsThere()
    {
        _device.BeginGroup();
        try
        {
            while (_reader.TryRead(out var result))
            {
                var used = Start(result.Buffer, out var more);
                _reader.AdvanceTo(result.Buffer.GetPosition(used));
                if (used == 0) return !more;
            }
            return true;
        }
        finally
        {
            _device.EndGroup();
        }
    }

    // Of one whole request; 0 bytes when there is none, or none that can be started.
    private long Start(in ReadOnlySequence<byte> buffer, out bool more)
    {
        Span<byte> header = stackalloc byte[NbdProtocol.RequestBytes];
        more = buffer.Length >= header.Length;
        if (!more) return 0;
        buffer.Slice(0, header.Length).CopyTo(header);
        var request = NbdRequest.Read(header);
        var dataBytes = request.Command == NbdCommand.Write ? request.Length : 0;
        if (request.Command == NbdCommand.Disconnect || buffer.Length - header.Length < dataBytes || !_open.Wait(0)) return 0;
        byte[] data = [];
        if (dataBytes > 0)
        {
            data = ArrayPool<byte>.Shared.Rent((int)dataBytes);
            buffer.Slice(header.Length, dataBytes).CopyTo(data);
        }
        _ = ExecuteAsync(request, data);
        return header.Length + dataBytes;
    }

    private async ValueTask<byte[]> ReadDataAsync(NbdRequest request, CancellationToken cancellationToken)
    {
        if (request.Command != NbdCommand.Write) return [];
        // Its length cannot be trusted, so neither can where the next request begins.
        if (request.Length > NbdServer.LongestRequest) throw new NbdProtocolException($"a write of {request.Length} bytes");
        var data = ArrayPool<byte>.Shared.Rent((int)request.Length);
        await _reader.ReadExactlyAsync(data.AsMemory(0, (int)request.Length), cancellationToken).ConfigureAwait(false);
        return data;
    }

    // Never fails: whoever starts it does not wait for it.
    private async Task ExecuteAsync(NbdRequest request, byte[] data)
    {
        var readBytes = request.Command == NbdCommand.Read && request.Length <= NbdServer.LongestRequest ? (int)request.Length : 0;
        var reply = ArrayPool<byte>.Shared.Rent(NbdReply.MostBytes + readBytes);
        try
        {
            var error = request.Check(_device, _session);
            if (error == NbdError.None)
                error = await PerformAsync(request, data, reply.AsMemory(NbdReply.DataOffset(_session), readBytes)).ConfigureAwait(false);
            _replies.Add(reply, NbdReply.Write(reply, _session, request, error));
        }
        finally
        {
            if (data.Length > 0) ArrayPool<byte>.Shared.Return(data);
        }
    }

    private async ValueTask<NbdError> PerformAsync(NbdRequest request, byte[] data, Memory<byte> into)
    {
        try
        {
            switch (request.Command)
            {
                case NbdCommand.Read:
                    await _device.ReadAsync((long)request.Offset, into).ConfigureAwait(false);
                    return NbdError.None;
                case NbdCommand.Write:
                    await _device.WriteAsync((long)request.Offset, data.AsMemory(0, (int)request.Length)).ConfigureAwait(false);
                    break;
                case NbdCommand.WriteZeroes:
                    if (_device.Discards && (request.Flags & CommandFlags.NoHole) == 0)
                        goto case NbdCommand.Trim;
                    await WriteZeroesAsync((long)request.Offset, request.Length).ConfigureAwait(false);
                    break;
                case NbdCommand.Trim:
                    await _device.DiscardAsync((long)request.Offset, request.Length).ConfigureAwait(false);
                    break;
            }
            if (request.Command == NbdCommand.Flush || (request.Flags & CommandFlags.Fua) != 0)
                await _device.FlushAsync().ConfigureAwait(false);
            return NbdError.None;
        }
        catch (IOException e)
        {
            LogFailed(_logger, request.Command, request.Length, request.Offset, e.Message);
            return NbdError.Io;
        }
    }

    private async ValueTask WriteZeroesAsync(long offset, long length)
    {
        while (length > 0)
        {
            var piece = (int)Math.Min(length, ZeroPiece);
            await _device.WriteAsync(offset, Zeroes.AsMemory(0, piece)).ConfigureAwait(false);
            offset += piece;
            length -= piece;
        }
    }

    [LoggerMessage(EventId = 2011, Level = LogLevel.Warning, Message = "{Command} of {Length} bytes at {Offset} failed: {Reason}")]
    private static partial void LogFailed(ILogger logger, NbdCommand command, uint length, ulong offset, string reason);
}
