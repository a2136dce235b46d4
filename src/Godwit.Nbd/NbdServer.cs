using System.IO.Pipelines;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace Godwit.Nbd;

/// <summary>
/// Serves one device to any number of connections: fixed newstyle negotiation without TLS (the socket's file mode is
/// the guard), structured replies, READ, WRITE, FLUSH, WRITE_ZEROES, FUA, and BLOCK_STATUS, in which all is allocated, for
/// nothing is known of holes. TRIM where the device discards; CACHE is not offered, as nothing below would do it.
/// </summary>
public sealed partial class NbdServer(INbdDevice device, ILogger logger)
{
    /// <summary>Longest request, in bytes; what clients without a hint may send at most.</summary>
    public const int LongestRequest = 32 << 20;

    private const int ReceiveBlock = 128 << 10;
    private readonly Dictionary<CancellationTokenSource, long> _connections = [];
    private readonly Lock _lock = new();

    /// <summary>Serves a connection to its end, and answers what it asked for before. Does not throw.</summary>
    public async Task<NbdConnectionEnd> ServeAsync(Socket socket, CancellationToken cancellationToken)
    {
        using var closing = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        lock (_lock) _connections.Add(closing, device.SizeBytes);
        var end = await ServeQuietlyAsync(socket, closing.Token).ConfigureAwait(false);
        lock (_lock) _connections.Remove(closing);
        if (end == NbdConnectionEnd.Stopped && !cancellationToken.IsCancellationRequested) end = NbdConnectionEnd.Outdated;
        LogEnded(logger, end);
        return end;
    }

    /// <summary>
    /// Closes the connections that may have been told another size: NBD has no word for a size that changes, and clients that
    /// connect again learn it. What they asked for before is answered.
    /// </summary>
    public void CloseOutdated(long sizeBytes)
    {
        lock (_lock)
        {
            foreach (var (closing, told) in _connections)
            {
                if (told != sizeBytes) closing.Cancel();
            }
        }
    }

    private async Task<NbdConnectionEnd> ServeQuietlyAsync(Socket socket, CancellationToken cancellationToken)
    {
        await using var stream = new NetworkStream(socket);
        var reader = PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: ReceiveBlock, minimumReadSize: 4096));
        try
        {
            var session = await new NbdNegotiation(device, reader, stream).RunAsync(cancellationToken).ConfigureAwait(false);
            if (session is not { } agreed) return NbdConnectionEnd.Aborted;
            using var transmission = new NbdTransmission(device, agreed, reader, socket, logger);
            return await transmission.RunAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (NbdProtocolException e)
        {
            LogViolation(logger, e.Message);
            return NbdConnectionEnd.ProtocolViolated;
        }
        catch (OperationCanceledException)
        {
            return NbdConnectionEnd.Stopped;
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException)
        {
            return NbdConnectionEnd.Lost;
        }
        finally
        {
            await reader.CompleteAsync().ConfigureAwait(false);
        }
    }

    [LoggerMessage(EventId = 2001, Level = LogLevel.Debug, Message = "An NBD connection ended: {End}")]
    private static partial void LogEnded(ILogger logger, NbdConnectionEnd end);

    [LoggerMessage(EventId = 2002, Level = LogLevel.Warning, Message = "An NBD client broke the protocol: {Reason}")]
    private static partial void LogViolation(ILogger logger, string reason);
}
