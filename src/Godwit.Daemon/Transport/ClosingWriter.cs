using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;

namespace Godwit.Daemon.Transport;

/// <summary>
/// What is written to a connection. A flush that fails closes the connection and says that nobody reads any more: Kestrel logs
/// an exception of it and goes on, and whoever serves the request would never hear that its peer has gone.
/// </summary>
internal sealed class ClosingWriter(PipeWriter inner, ConnectionContext connection) : PipeWriter
{
    private const bool Canceled = false, Completed = true;

    public override bool CanGetUnflushedBytes => inner.CanGetUnflushedBytes;

    public override long UnflushedBytes => inner.UnflushedBytes;

    public override async ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            return await inner.FlushAsync(cancellationToken);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            connection.Abort(new ConnectionAbortedException(e.Message, e));
            return new FlushResult(Canceled, Completed);
        }
    }

    public override Memory<byte> GetMemory(int sizeHint = 0) => inner.GetMemory(sizeHint);

    public override Span<byte> GetSpan(int sizeHint = 0) => inner.GetSpan(sizeHint);

    public override void Advance(int bytes) => inner.Advance(bytes);

    public override void CancelPendingFlush() => inner.CancelPendingFlush();

    public override void Complete(Exception? exception = null) => inner.Complete(exception);

    public override async ValueTask CompleteAsync(Exception? exception = null)
    {
        try
        {
            await inner.CompleteAsync(exception);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // What was left to send has nobody to read it.
        }
    }
}
