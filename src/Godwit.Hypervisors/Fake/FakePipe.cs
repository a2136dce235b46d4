namespace Godwit.Hypervisors.Fake;

/// <summary>
/// A socket between an engine and its daemon, in memory. The daemon has it as a stream; the engine is called when
/// something comes. Outside a simulation the two have threads of their own.
/// </summary>
internal sealed class FakePipe(Action<ReadOnlyMemory<byte>> written, Action closed) : Stream
{
    private readonly Lock _changing = new();
    private readonly Queue<ReadOnlyMemory<byte>> _toDaemon = [];
    private TaskCompletionSource? _waiting;
    private bool _ended;
    private bool _broken;
    private bool _disposed;

    /// <summary>The engine says something.</summary>
    public void Say(ReadOnlyMemory<byte> bytes)
    {
        Change(() =>
        {
            if (!_disposed && !_broken)
                _toDaemon.Enqueue(bytes);
        });
    }

    /// <summary>The engine closes its end: the daemon reads what is left, and then the end.</summary>
    public void End() => Change(() => _ended = true);

    /// <summary>The engine, or the daemon, is gone.</summary>
    public void Break() => Change(() =>
    {
        _broken = true;
        _toDaemon.Clear();
    });

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            TaskCompletionSource waiting;
            lock (_changing)
            {
                if (_toDaemon.TryDequeue(out var next))
                {
                    var length = Math.Min(next.Length, buffer.Length);
                    next[..length].CopyTo(buffer);
                    if (length < next.Length)
                        Requeue(next[length..]);
                    return length;
                }
                if (_broken || _disposed)
                    throw new IOException("the engine closed the connection");
                if (_ended)
                    return 0;
                cancellationToken.ThrowIfCancellationRequested();
                waiting = _waiting = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }
            await using (cancellationToken.Register(() => waiting.TrySetCanceled(cancellationToken)))
                await waiting.Task;
        }
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (_broken || _disposed || _ended)
            return ValueTask.FromException(new IOException("the engine closed the connection"));
        written(buffer);
        return ValueTask.CompletedTask;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing && !_disposed)
        {
            Change(() => _disposed = true);
            closed();
        }
        base.Dispose(disposing);
    }

    // The rest of a block that did not fit goes back to the front.
    private void Requeue(ReadOnlyMemory<byte> rest)
    {
        var others = _toDaemon.ToArray();
        _toDaemon.Clear();
        _toDaemon.Enqueue(rest);
        foreach (var other in others)
            _toDaemon.Enqueue(other);
    }

    private void Change(Action change)
    {
        lock (_changing)
        {
            change();
            _waiting?.TrySetResult();
            _waiting = null;
        }
    }

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override void Flush()
    {
        // What is written is there at once.
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
