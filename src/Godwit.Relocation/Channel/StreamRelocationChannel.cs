using System.Buffers;
using Godwit.Relocation.Protocol;

namespace Godwit.Relocation.Channel;

/// <summary>
/// A relocation channel over one stream (TLS in the daemon). Frames of bulk bytes are handed on as they come in,
/// without waiting for their end, so that a large frame costs no latency.
/// </summary>
/// <param name="stream">Carries the bytes.</param>
/// <param name="peer">Host at its other end.</param>
/// <param name="hasMore">Whether a read of the stream would not wait; null when it cannot tell.</param>
public sealed class StreamRelocationChannel(Stream stream, string peer, Func<bool>? hasMore = null) : IRelocationChannel
{
    private const int ReceiveBufferLength = 512 * 1024;

    private readonly SemaphoreSlim _sending = new(1, 1);
    private readonly ArrayBufferWriter<byte> _sendBuffer = new(64 * 1024);
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(ReceiveBufferLength);
    private int _start;
    private int _end;
    private MessageTag _bulk;
    private int _bulkRemaining;
    private int _disposed;

    public string Peer => peer;

    public async ValueTask SendAsync(RelocationMessage message, CancellationToken cancellationToken)
    {
        // Not cancelled while it waits its turn: whoever is sending ends with the line or with the same token.
        await _sending.WaitAsync(CancellationToken.None);
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            _sendBuffer.ResetWrittenCount();
            MessageCodec.Write(message, _sendBuffer);
            await stream.WriteAsync(_sendBuffer.WrittenMemory, cancellationToken);
            if (BytesOf(message) is { IsEmpty: false } bytes)
                await stream.WriteAsync(bytes, cancellationToken);
            await stream.FlushAsync(cancellationToken);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException)
        {
            throw new ChannelException($"The line to {peer} broke: {e.Message}", e);
        }
        finally
        {
            _sending.Release();
        }
    }

    public async ValueTask<RelocationMessage?> ReceiveAsync(CancellationToken cancellationToken)
    {
        if (_bulkRemaining > 0)
            return await ReceiveBulkAsync(cancellationToken);

        if (!await FillAsync(MessageCodec.HeaderLength, endAllowed: true, cancellationToken))
            return null;
        var (tag, length) = MessageCodec.ReadHeader(_buffer.AsSpan(_start, MessageCodec.HeaderLength));
        _start += MessageCodec.HeaderLength;
        if (MessageCodec.IsBulk(tag))
        {
            (_bulk, _bulkRemaining) = (tag, length);
            return length == 0 ? Bulk(default) : await ReceiveBulkAsync(cancellationToken);
        }
        await FillAsync(length, endAllowed: false, cancellationToken);
        var message = MessageCodec.ReadControl(tag, _buffer.AsSpan(_start, length));
        _start += length;
        return message;
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        await stream.DisposeAsync();
    }

    private async ValueTask<RelocationMessage> ReceiveBulkAsync(CancellationToken cancellationToken)
    {
        if (_start == _end)
        {
            await FillAsync(1, endAllowed: false, cancellationToken);
            // TLS gives a record at a time: one large write wakes the engine once.
            while (_end < _buffer.Length && hasMore?.Invoke() == true && await ReadAsync(cancellationToken))
                continue;
        }
        var length = Math.Min(_bulkRemaining, _end - _start);
        var bytes = _buffer.AsMemory(_start, length);
        _start += length;
        _bulkRemaining -= length;
        return Bulk(bytes);
    }

    private static ReadOnlyMemory<byte> BytesOf(RelocationMessage message) => message switch
    {
        RelocationMessage.EngineBytes m => m.Bytes,
        RelocationMessage.FileBytes m => m.Bytes,
        _ => default,
    };

    private RelocationMessage Bulk(ReadOnlyMemory<byte> bytes) => _bulk == MessageTag.EngineBytes
        ? new RelocationMessage.EngineBytes(bytes)
        : new RelocationMessage.FileBytes(bytes);

    /// <summary>Has at least <paramref name="count"/> bytes between start and end; false at an orderly end.</summary>
    private async ValueTask<bool> FillAsync(int count, bool endAllowed, CancellationToken cancellationToken)
    {
        if (_end - _start >= count)
            return true;
        MakeRoom(count);
        while (_end - _start < count)
        {
            if (await ReadAsync(cancellationToken))
                continue;
            if (endAllowed && _end == _start)
                return false;
            throw new ChannelException($"The line to {peer} ended in the middle of a message.");
        }
        return true;
    }

    /// <summary>False at the end of the stream.</summary>
    private async ValueTask<bool> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            var read = await stream.ReadAsync(_buffer.AsMemory(_end), cancellationToken);
            _end += read;
            return read > 0;
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException)
        {
            throw new ChannelException($"The line to {peer} broke: {e.Message}", e);
        }
    }

    private void MakeRoom(int count)
    {
        if (_start == _end)
            _start = _end = 0;
        if (_buffer.Length - _start >= count && _buffer.Length - _end > 0)
            return;
        var target = _buffer.Length >= count ? _buffer : ArrayPool<byte>.Shared.Rent(count);
        Buffer.BlockCopy(_buffer, _start, target, 0, _end - _start);
        if (!ReferenceEquals(target, _buffer))
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = target;
        }
        _end -= _start;
        _start = 0;
    }
}
