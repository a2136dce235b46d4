using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace Godwit.Nbd;

/// <summary>
/// The transmission phase: requests are started in the order they come and answered in the order they end. Reading
/// stops while too many are open, so that a client cannot make the server hold more than a bounded amount.
/// </summary>
internal sealed partial class NbdTransmission(INbdDevice device, NbdSession session, PipeReader reader, Socket socket, ILogger logger) : IDisposable
{
    private const int MostOpen = 64;

    /// <summary>Zeroes are written in pieces of this many bytes, as they cross the network like other data.</summary>
    private const int ZeroPiece = 256 << 10;
    private static readonly byte[] Zeroes = new byte[ZeroPiece];

    private readonly SemaphoreSlim _open = new(MostOpen);
    private readonly SemaphoreSlim _sending = new(1);

    public async Task<NbdConnectionEnd> RunAsync(CancellationToken cancellationToken)
    {
        var header = new byte[NbdProtocol.RequestBytes];
        try
        {
            while (await reader.ReadExactlyAsync(header, cancellationToken).ConfigureAwait(false))
            {
                var request = NbdRequest.Read(header);
                if (request.Command == NbdCommand.Disconnect) return NbdConnectionEnd.Disconnected;
                var data = await ReadDataAsync(request, cancellationToken).ConfigureAwait(false);
                await _open.WaitAsync(cancellationToken).ConfigureAwait(false);
                _ = ExecuteAsync(request, data);
            }
            return NbdConnectionEnd.Lost;
        }
        finally
        {
            // What is open ends before the connection does: its buffers are in use, and its writes were promised.
            for (var i = 0; i < MostOpen; i++) await _open.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        }
    }

    public void Dispose()
    {
        _open.Dispose();
        _sending.Dispose();
    }

    private async ValueTask<byte[]> ReadDataAsync(NbdRequest request, CancellationToken cancellationToken)
    {
        if (request.Command != NbdCommand.Write) return [];
        // Its length cannot be trusted, so neither can where the next request begins.
        if (request.Length > NbdServer.LongestRequest) throw new NbdProtocolException($"a write of {request.Length} bytes");
        var data = ArrayPool<byte>.Shared.Rent((int)request.Length);
        await reader.ReadExactlyAsync(data.AsMemory(0, (int)request.Length), cancellationToken).ConfigureAwait(false);
        return data;
    }

    // Never fails: whoever starts it does not wait for it.
    private async Task ExecuteAsync(NbdRequest request, byte[] data)
    {
        var readBytes = request.Command == NbdCommand.Read && request.Length <= NbdServer.LongestRequest ? (int)request.Length : 0;
        var reply = ArrayPool<byte>.Shared.Rent(NbdReply.MostBytes + readBytes);
        try
        {
            var error = request.Check(device, session);
            if (error == NbdError.None)
                error = await PerformAsync(request, data, reply.AsMemory(NbdReply.DataOffset(session), readBytes)).ConfigureAwait(false);
            await SendAsync(reply.AsMemory(0, NbdReply.Write(reply, session, request, error))).ConfigureAwait(false);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            LogReplyLost(logger, e.Message);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(reply);
            if (data.Length > 0) ArrayPool<byte>.Shared.Return(data);
            _open.Release();
        }
    }

    private async ValueTask<NbdError> PerformAsync(NbdRequest request, byte[] data, Memory<byte> into)
    {
        try
        {
            switch (request.Command)
            {
                case NbdCommand.Read:
                    await device.ReadAsync((long)request.Offset, into).ConfigureAwait(false);
                    return NbdError.None;
                case NbdCommand.Write:
                    await device.WriteAsync((long)request.Offset, data.AsMemory(0, (int)request.Length)).ConfigureAwait(false);
                    break;
                case NbdCommand.WriteZeroes:
                    if (device.Discards && (request.Flags & CommandFlags.NoHole) == 0)
                        goto case NbdCommand.Trim;
                    await WriteZeroesAsync((long)request.Offset, request.Length).ConfigureAwait(false);
                    break;
                case NbdCommand.Trim:
                    await device.DiscardAsync((long)request.Offset, request.Length).ConfigureAwait(false);
                    break;
            }
            if (request.Command == NbdCommand.Flush || (request.Flags & CommandFlags.Fua) != 0)
                await device.FlushAsync().ConfigureAwait(false);
            return NbdError.None;
        }
        catch (IOException e)
        {
            LogFailed(logger, request.Command, request.Length, request.Offset, e.Message);
            return NbdError.Io;
        }
    }

    private async ValueTask WriteZeroesAsync(long offset, long length)
    {
        while (length > 0)
        {
            var piece = (int)Math.Min(length, ZeroPiece);
            await device.WriteAsync(offset, Zeroes.AsMemory(0, piece)).ConfigureAwait(false);
            offset += piece;
            length -= piece;
        }
    }

    private async ValueTask SendAsync(ReadOnlyMemory<byte> bytes)
    {
        await _sending.WaitAsync().ConfigureAwait(false);
        try
        {
            while (bytes.Length > 0)
            {
                var sent = await socket.SendAsync(bytes, SocketFlags.None).ConfigureAwait(false);
                bytes = bytes[sent..];
            }
        }
        finally
        {
            _sending.Release();
        }
    }

    [LoggerMessage(EventId = 2011, Level = LogLevel.Warning, Message = "{Command} of {Length} bytes at {Offset} failed: {Reason}")]
    private static partial void LogFailed(ILogger logger, NbdCommand command, uint length, ulong offset, string reason);

    [LoggerMessage(EventId = 2012, Level = LogLevel.Debug, Message = "A client left before its answer: {Reason}")]
    private static partial void LogReplyLost(ILogger logger, string reason);
}
