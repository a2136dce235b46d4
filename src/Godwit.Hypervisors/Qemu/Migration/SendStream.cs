namespace Godwit.Hypervisors.Qemu.Migration;

/// <summary>QEMU's own end of a migration on the source: what is read from it is watched for the end of memory.</summary>
internal sealed class SendStream(Stream engine, Action<MigrationStreamParser.Outcome> decided) : Stream
{
    private readonly MigrationStreamParser _parser = new();

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override int Read(byte[] buffer, int offset, int count) => Watch(buffer.AsSpan(offset, engine.Read(buffer, offset, count)));

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = await engine.ReadAsync(buffer, cancellationToken);
        return Watch(buffer.Span[..read]);
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Write(byte[] buffer, int offset, int count) => engine.Write(buffer, offset, count);

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        engine.WriteAsync(buffer, cancellationToken);

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        engine.WriteAsync(buffer, offset, count, cancellationToken);

    public override void Flush() => engine.Flush();

    public override Task FlushAsync(CancellationToken cancellationToken) => engine.FlushAsync(cancellationToken);

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing) engine.Dispose();
        base.Dispose(disposing);
    }

    private int Watch(ReadOnlySpan<byte> bytes)
    {
        if (_parser.Result == MigrationStreamParser.Outcome.Following && bytes.Length > 0
            && _parser.Take(bytes) != MigrationStreamParser.Outcome.Following)
            decided(_parser.Result);
        return bytes.Length;
    }
}
