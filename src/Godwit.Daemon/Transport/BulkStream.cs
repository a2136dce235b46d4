namespace Godwit.Daemon.Transport;

/// <summary>
/// Stands between TLS and the socket of a relocation. TLS works by records of 16 KiB, and each would cost a system call
/// and a wake-up on both sides; here the records of one flush leave together, and all that has come is taken at once.
/// <code>
///   channel ─► SslStream ─► records … ─► Flush ─► one send
///   channel ◄─ SslStream ◄─ records … ◄────────── one receive
/// </code>
/// Until <see cref="Begin"/>, which follows the handshake, it only passes on.
/// </summary>
internal sealed class BulkStream(Stream inner) : Stream
{
    private const int BufferLength = 512 << 10;

    private byte[] _received = [];
    private byte[] _unsent = [];
    private int _start;
    private int _end;
    private int _unsentLength;

    /// <summary>There are bytes that need no wait.</summary>
    public bool HasReceived => _start < _end;

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public void Begin()
    {
        _received = GC.AllocateUninitializedArray<byte>(BufferLength);
        _unsent = GC.AllocateUninitializedArray<byte>(BufferLength);
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (!HasReceived)
        {
            if (_received.Length == 0)
                return await inner.ReadAsync(buffer, cancellationToken);
            (_start, _end) = (0, 0);
            _end = await inner.ReadAsync(_received, cancellationToken);
        }
        var length = Math.Min(buffer.Length, _end - _start);
        _received.AsMemory(_start, length).CopyTo(buffer);
        _start += length;
        return length;
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_unsentLength + buffer.Length > _unsent.Length)
        {
            await SendAsync(cancellationToken);
            if (buffer.Length > _unsent.Length)
            {
                await inner.WriteAsync(buffer, cancellationToken);
                return;
            }
        }
        buffer.CopyTo(_unsent.AsMemory(_unsentLength));
        _unsentLength += buffer.Length;
    }

    public override async Task FlushAsync(CancellationToken cancellationToken)
    {
        await SendAsync(cancellationToken);
        await inner.FlushAsync(cancellationToken);
    }

    public override int Read(byte[] buffer, int offset, int count) =>
        ReadAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    // TLS says goodbye so, when it is disposed.
    public override void Write(byte[] buffer, int offset, int count)
    {
        inner.Write(_unsent, 0, _unsentLength);
        _unsentLength = 0;
        inner.Write(buffer, offset, count);
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Flush()
    {
        inner.Write(_unsent, 0, _unsentLength);
        _unsentLength = 0;
        inner.Flush();
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            inner.Dispose();
        base.Dispose(disposing);
    }

    private async ValueTask SendAsync(CancellationToken cancellationToken)
    {
        if (_unsentLength == 0)
            return;
        await inner.WriteAsync(_unsent.AsMemory(0, _unsentLength), cancellationToken);
        _unsentLength = 0;
    }
}
