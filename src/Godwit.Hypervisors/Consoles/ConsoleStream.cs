namespace Godwit.Hypervisors.Consoles;

/// <summary>One viewer of a console: reads the log from where its scrollback begins, and types.</summary>
internal sealed class ConsoleStream(IConsoleSource source, FileStream log, TimeProvider time) : Stream
{
    /// <summary>Where an engine writes the log itself, the file may not have it yet at the signal.</summary>
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan LookAnyway = TimeSpan.FromSeconds(1);

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Waits for output; 0 once the console has ended and all of it was read.</summary>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            var (ended, news) = (source.Ended, source.News);
            var read = await log.ReadAsync(buffer, cancellationToken);
            if (read > 0 || ended || buffer.IsEmpty) return read;
            if (await Task.WhenAny(news, Task.Delay(LookAnyway, time, cancellationToken)) != news)
            {
                cancellationToken.ThrowIfCancellationRequested();
                continue;
            }
            read = await log.ReadAsync(buffer, cancellationToken);
            if (read > 0) return read;
            await Task.Delay(LookAgain, time, cancellationToken);
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) =>
        ReadAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        await source.WriteAsync(buffer, cancellationToken);

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        source.WriteAsync(buffer.AsMemory(offset, count), cancellationToken);

    public override void Write(byte[] buffer, int offset, int count) =>
        source.WriteAsync(buffer.AsMemory(offset, count), CancellationToken.None).GetAwaiter().GetResult();

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing) log.Dispose();
        base.Dispose(disposing);
    }
}
