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

    /// <summary>Serves a connection to its end, and answers what it asked for before. Does not throw.</summary>
    public async Task<NbdConnectionEnd> ServeAsync(Socket socket, CancellationToken cancellationToken)
    {
        var end = await ServeQuietlyAsync(socket, cancellationToken).ConfigureAwait(false);
        LogEnded(logger, end);
        return end;
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
