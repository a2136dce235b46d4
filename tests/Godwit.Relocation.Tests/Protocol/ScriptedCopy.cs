using System.Collections.Immutable;
using System.IO.Pipelines;
using System.Threading.Channels;
using Godwit.Hypervisors;
using Pipe = System.IO.Pipelines.Pipe;

namespace Godwit.Relocation.Tests.Protocol;

/// <summary>
/// An engine with the same few bytes to say each time, so that two recordings of a relocation differ in nothing but the
/// clock: a round with a page that was never used, the rest after the permission, and one byte back when all is loaded.
/// </summary>
internal sealed class ScriptedCopy : IDomainCopy
{
    private static readonly byte[] Round = [.. Enumerable.Repeat((byte)0xa0, 300), .. new byte[4096]];
    private static readonly byte[] Rest = [.. Enumerable.Repeat(RestByte, 40)];
    private const byte RestByte = 0xb0, LoadedByte = 0xc0;

    private readonly Channel<CopyEvent> _events = System.Threading.Channels.Channel.CreateUnbounded<CopyEvent>();
    private readonly Pipe _toLine = new();
    private int _received;

    public Guid CopyId { get; } = new("6f0d1f0e-4a3a-4c43-9d8e-000000000003");

    public CopyOrder Order { get; } = new() { Spec = Samples.Offer.Spec, Pin = Samples.Offer.Pin, CopyId = Guid.Empty, Disks = [] };

    public ImmutableArray<GuestPort> Ports => [];

    public ChannelReader<CopyEvent> Events => _events.Reader;

    public bool Runs { get; private set; }

    public bool IsDestroyed { get; private set; }

    /// <summary>What it does ahead of a move.</summary>
    public Task Preparation { get; init; } = Task.CompletedTask;

    /// <summary>As a receiver it ends as soon as it listens.</summary>
    public bool EndsReceiving { get; init; }

    public bool WasSent { get; private set; }

    public bool SendCancelled { get; private set; }

    public Task<CopyStatus> QueryAsync(CancellationToken cancellationToken) =>
        Task.FromResult(new CopyStatus(Runs ? CopyPhase.Running : CopyPhase.Loaded, default, 0, 0));

    public Task ContinueAsync(CancellationToken cancellationToken)
    {
        Runs = true;
        Raise(new CopyEvent.Resumed(Samples.Noon));
        return Task.CompletedTask;
    }

    public IReadOnlyList<byte[]> TakeWaiting(GuestPort port) => [];

    public Task DestroyAsync(CancellationToken cancellationToken)
    {
        IsDestroyed = true;
        return Task.CompletedTask;
    }

    public Task PrepareSendAsync(SendOptions options, CancellationToken cancellationToken) => Preparation;

    public async Task<Stream> SendAsync(SendOptions options, CancellationToken cancellationToken)
    {
        WasSent = true;
        Raise(new CopyEvent.RoundBegan(Samples.Noon, 1));
        await _toLine.Writer.WriteAsync(Round, cancellationToken);
        Raise(new CopyEvent.Stopped(Samples.Noon));
        Raise(new CopyEvent.SwitchoverReady(Samples.Noon));
        return new TwoWay(_toLine.Reader.AsStream(), bytes =>
        {
            if (!bytes.Span.Contains(LoadedByte))
                return;
            _toLine.Writer.Complete();
            Raise(new CopyEvent.Held(Samples.Noon));
        });
    }

    public async Task PermitSwitchoverAsync(CancellationToken cancellationToken)
    {
        await _toLine.Writer.WriteAsync(Rest, cancellationToken);
        Raise(new CopyEvent.MemorySent(Samples.Noon));
    }

    public Task<Stream> ReceiveAsync(CancellationToken cancellationToken)
    {
        if (EndsReceiving)
            Raise(new CopyEvent.Exited(Samples.Noon, "out of memory"));
        return Task.FromResult<Stream>(new TwoWay(_toLine.Reader.AsStream(), bytes =>
        {
            // Engines of then had other rounds.
            _received += bytes.Span.Count(RestByte);
            if (_received < Rest.Length)
                return;
            _toLine.Writer.WriteAsync(new[] { LoadedByte }, CancellationToken.None).AsTask().Wait(CancellationToken.None);
            _toLine.Writer.Complete();
            Raise(new CopyEvent.Loaded(Samples.Noon));
        }));
    }

    public Task CancelSendAsync(CancellationToken cancellationToken)
    {
        SendCancelled = true;
        return Task.CompletedTask;
    }

    public Task<SendProgress> QuerySendAsync(CancellationToken cancellationToken) =>
        Task.FromResult(new SendProgress(1, Round.Length, Rest.Length, 1 << 20, 0, 1 << 20, 1));

    public Task PauseAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task RequestShutdownAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task RebootAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task GrowDiskAsync(int index, long sizeBytes, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task SetMemoryAsync(int mib, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task SetVirtualCpusAsync(int count, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<Stream> OpenConsoleAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private void Raise(CopyEvent @event) => _events.Writer.TryWrite(@event);

    /// <summary>Reads from one stream, gives what is written to an engine.</summary>
    private sealed class TwoWay(Stream source, Action<ReadOnlyMemory<byte>> take) : Stream
    {
        public override bool CanRead => true;

        public override bool CanWrite => true;

        public override bool CanSeek => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            source.ReadAsync(buffer, cancellationToken);

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            take(buffer);
            return ValueTask.CompletedTask;
        }

        public override void Flush()
        {
            // Nothing is kept back.
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
