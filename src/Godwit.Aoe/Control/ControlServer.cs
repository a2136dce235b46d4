using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Godwit.Domains;
using Microsoft.Extensions.Logging;

namespace Godwit.Aoe.Control;

/// <summary>
/// The server's side of a control socket. The socket is there, with mode 0600, from the moment on at which requests
/// are answered: its existence is the sign of readiness.
/// </summary>
public sealed partial class ControlServer : IAsyncDisposable
{
    /// <summary>Longest line that is read, in characters: an <c>admit</c> with hundreds of addresses fits.</summary>
    private const int LongestLine = 16 * 1024;

    private readonly UnixListener _listener;
    private readonly Func<ControlRequest, CancellationToken, Task<ControlReply>> _handler;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _loop;

    private ControlServer(
        UnixListener listener, Func<ControlRequest, CancellationToken, Task<ControlReply>> handler, ILogger logger)
    {
        _listener = listener;
        _handler = handler;
        _logger = logger;
        _loop = _listener.RunAsync(ServeAsync, _stop.Token);
    }

    /// <exception cref="IOException">The socket cannot be made, or another process answers there.</exception>
    public static ControlServer Start(
        string socketPath, Func<ControlRequest, CancellationToken, Task<ControlReply>> handler, ILogger logger) =>
        new(UnixListener.Bind(socketPath), handler, logger);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        _listener.Dispose();
        await _loop.ConfigureAwait(false);
        _stop.Dispose();
    }

    private async Task ServeAsync(Socket socket, CancellationToken cancellationToken)
    {
        try
        {
            await using var stream = new NetworkStream(socket);
            using var reader = new BoundedLineReader(stream, LongestLine);
            while (await reader.ReadLineAsync(cancellationToken).ConfigureAwait(false) is { } line)
            {
                var reply = await AnswerAsync(line, cancellationToken).ConfigureAwait(false);
                var answer = JsonSerializer.Serialize(reply, ControlJson.Default.ControlReply) + "\n";
                // Also when the process ends by this very request: who asked for it hears of it.
                await stream.WriteAsync(Encoding.UTF8.GetBytes(answer), CancellationToken.None).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
        {
            LogClientGone(_logger, e.Message);
        }
    }

    private async Task<ControlReply> AnswerAsync(string line, CancellationToken cancellationToken)
    {
        try
        {
            var request = JsonSerializer.Deserialize(line, ControlJson.Default.ControlRequest)
                ?? throw new JsonException("the request is null");
            return await _handler(request, cancellationToken).ConfigureAwait(false);
        }
        catch (JsonException e)
        {
            return ControlReply.Refused(new AoeControlException(AoeControlCode.BadRequest,
                $"A request is one JSON object with a member \"op\": {e.Message}"));
        }
        catch (GodwitException e)
        {
            return ControlReply.Refused(e);
        }
    }

    [LoggerMessage(EventId = 1301, Level = LogLevel.Debug, Message = "A control client went away: {Reason}")]
    private static partial void LogClientGone(ILogger logger, string reason);
}
