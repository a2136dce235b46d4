using System.Buffers;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace Godwit.Nbd;

/// <summary>
/// Replies on their way to a client, one after another. Those that come while others are being sent, or whose requests
/// ended together, go out in one call: a call costs as much as the copy of several blocks.
/// </summary>
internal sealed partial class NbdReplies
{
    private readonly INbdDevice _device;
    private readonly Socket _socket;
    private readonly Action _sent;
    private readonly ILogger _logger;
    private readonly Action _send;
    private readonly Lock _gate = new();
    private List<ArraySegment<byte>> _waiting = [];
    private List<ArraySegment<byte>> _sending = [];
    private bool _busy;

    /// <param name="device">Tells which requests end together.</param>
    /// <param name="socket">The client's.</param>
    /// <param name="sent">Called for each reply that has left, or cannot.</param>
    /// <param name="logger">Hears of a client that left before.</param>
    public NbdReplies(INbdDevice device, Socket socket, Action sent, ILogger logger)
    {
        (_device, _socket, _sent, _logger) = (device, socket, sent, logger);
        _send = () => _ = SendAsync();
    }

    /// <param name="reply">Given back to the shared pool once it has left.</param>
    /// <param name="length">Of the reply, in bytes.</param>
    public void Add(byte[] reply, int length)
    {
        lock (_gate)
        {
            _waiting.Add(new ArraySegment<byte>(reply, 0, length));
            if (_busy) return;
            _busy = true;
        }
        if (!_device.TryDefer(_send)) _send();
    }

    // Never fails: nobody waits for it.
    private async Task SendAsync()
    {
        while (TakeWaiting())
        {
            try
            {
                // Comes back when all of it is sent.
                if (_sending.Count == 1) await _socket.SendAsync(_sending[0], SocketFlags.None).ConfigureAwait(false);
                else await _socket.SendAsync(_sending, SocketFlags.None).ConfigureAwait(false);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                LogLost(_logger, e.Message);
            }
            foreach (var reply in _sending)
            {
                ArrayPool<byte>.Shared.Return(reply.Array!);
                _sent();
            }
            _sending.Clear();
        }
    }

    private bool TakeWaiting()
    {
        lock (_gate)
        {
            (_waiting, _sending) = (_sending, _waiting);
            return _busy = _sending.Count > 0;
        }
    }

    [LoggerMessage(EventId = 2012, Level = LogLevel.Debug, Message = "A client left before its answer: {Reason}")]
    private static partial void LogLost(ILogger logger, string reason);
}
