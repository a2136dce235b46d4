using System.Net.WebSockets;

namespace Godwit.Api;

/// <summary>
/// A WebSocket's binary messages as a stream of bytes; the borders between messages mean nothing. Each write is one
/// message. A reader and a writer may work at the same time, not two of either. To leave, dispose of it: that tells the
/// other side, and lets it take what was written before. A read that is cancelled breaks the line, with all that is on it.
/// </summary>
public sealed class WebSocketStream(WebSocket socket, IDisposable? owner = null) : Stream
{
    private static readonly TimeSpan CloseLimit = TimeSpan.FromSeconds(2);
    private readonly SemaphoreSlim _reading = new(1);
    private int _disposed;

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <returns>0 when the other side has closed the socket, in order or not.</returns>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        await _reading.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ValueWebSocketReceiveResult result;
            do
            {
                result = await socket.ReceiveAsync(buffer, cancellationToken).ConfigureAwait(false);
                if (result.MessageType == WebSocketMessageType.Close)
                    return 0;
            }
            while (result.Count == 0);
            return result.Count;
        }
        catch (Exception e) when (e is WebSocketException or ObjectDisposedException)
        {
            return 0;
        }
        finally
        {
            _reading.Release();
        }
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            await socket.SendAsync(buffer, WebSocketMessageType.Binary, endOfMessage: true, cancellationToken).ConfigureAwait(false);
        }
        catch (WebSocketException e)
        {
            throw new IOException("The other side has closed the console.", e);
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("Use ReadAsync.");

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("Use WriteAsync.");

    public override void Flush()
    {
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 1)
            return;
        if (socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
            await CloseAsync().ConfigureAwait(false);
        socket.Dispose();
        owner?.Dispose();
        await base.DisposeAsync().ConfigureAwait(false);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing && Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            socket.Dispose();
            owner?.Dispose();
        }
        base.Dispose(disposing);
    }

    // What was written has arrived when the other side answers: a socket that is thrown away before takes it along.
    // A peer that is gone cannot be told; the socket is thrown away right after.
    private async Task CloseAsync()
    {
        using var limit = new CancellationTokenSource(CloseLimit);
        try
        {
            await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, limit.Token).ConfigureAwait(false);
            var rest = new byte[1024];
            while (socket.State == WebSocketState.CloseSent && await ReadAsync(rest, limit.Token).ConfigureAwait(false) > 0)
            {
            }
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException)
        {
            socket.Abort();
        }
    }
}
