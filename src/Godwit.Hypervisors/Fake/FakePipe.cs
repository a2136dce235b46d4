namespace Godwit.Hypervisors.Fake;

/// <summary>
/// A socket between an engine and its daemon, in memory. The daemon has it as a stream; the engine is called when
/// something comes. It is driven by one caller at a time.
/// </summary>
internal sealed class FakePipe(Action<ReadOnlyMemory<byte>> written, Action closed) : Stream
{
    private readonly Queue<ReadOnlyMemory<byte>> _toDaemon = [];
    private TaskCompletionSource? _waiting;
    private bool _ended;
    private bool _broken;
    private bool _disposed;

    /// <summary>The engine says something.</summary>
    public void Say(ReadOnlyMemory<byte> bytes)
    {
        if (_disposed || _broken)
            return;
        _toDaemon.Enqueue(bytes);
        Wake();
    }

    /// <summary>The engine closes its end: the daemon reads what is left, and then the end.</summary>
    public void End()
    {
        _ended = true;
        Wake();
    }

    /// <summary>The engine, or the daemon, is gone.</summary>
    public void Break()
    {
        _broken = true;
        _toDaemon.Clear();
        Wake();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (!_toDaemon.TryPeek(out _))
        {
            if (_broken || _disposed)
                throw new IOException("the engine closed the connection");
            if (_ended)
                return 0;
            cancellationToken.ThrowIfCancellationRequested();
            var waiting = _waiting = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            await using (cancellationToken.Register(() => waiting.TrySetCanceled(cancellationToken)))
                await waiting.Task;
        }
        var next = _toDaemon.Dequeue();
        var length = Math.Min(next.Length, buffer.Length);
        next[..length].CopyTo(buffer);
        if (length < next.Length)
            Requeue(next[length..]);
        return length;
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
            _disposed = true;
            Wake();
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

    private void Wake()
    {
        var waiting = _waiting;
        _waiting = null;
        waiting?.TrySetResult();
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
