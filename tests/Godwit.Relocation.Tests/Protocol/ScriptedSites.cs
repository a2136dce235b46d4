using System.Collections.Immutable;
using System.Net;
using Godwit.Hypervisors;
using Godwit.Relocation.Channel;
using Godwit.Relocation.Destination;
using Godwit.Relocation.Protocol;
using Godwit.Relocation.Source;

namespace Godwit.Relocation.Tests.Protocol;

/// <summary>The source of a relocation in which nothing goes wrong.</summary>
internal sealed class ScriptedSource(ScriptedRegistry registry) : ISourceSite
{
    public static byte[] Kernel { get; } = [1, 2, 3, 4];

    public ScriptedCopy Engine { get; } = new();

    public IDomainCopy Copy => Engine;

    public RelocationOffer Offer { get; init; } = Samples.Offer;

    public IRelocationRegistry Registry => registry;

    public ImmutableArray<ImmutableArray<IPAddress>> Addresses => [[IPAddress.Parse("10.8.0.21")]];

    public Task<Stream> OpenBootFileAsync(string digest, CancellationToken cancellationToken) =>
        Task.FromResult<Stream>(new MemoryStream(Kernel));

    public Task ProbeDisksAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task FlushDisksAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task JournalAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task<HeldMemory> RegainDisksAsync(CancellationToken cancellationToken) => Task.FromResult(HeldMemory.Current);

    public void KeepFrames()
    {
        // None come.
    }

    public ImmutableArray<ImmutableArray<byte[]>> TakeFrames() => [[[0xf0]]];

    public void ForgetFrames()
    {
        // None were kept.
    }

    public Task AnnounceBackAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task DestroyCopyAsync(CancellationToken cancellationToken) => Engine.DestroyAsync(cancellationToken);
}

/// <summary>The destination of a relocation in which nothing goes wrong; it lacks the kernel.</summary>
internal sealed class ScriptedDestination(ScriptedRegistry registry) : IDestinationSite
{
    public ScriptedCopy Engine { get; } = new();

    public IRelocationRegistry Registry => registry;

    public bool Arrived { get; private set; }

    public byte[]? Frame { get; private set; }

    public Task<ImmutableArray<string>> JudgeAsync(RelocationOffer offer, CancellationToken cancellationToken) =>
        Task.FromResult<ImmutableArray<string>>([offer.KernelDigest!]);

    public IBootFileSink CreateBootFile(string digest, long length) => new Sink(length);

    public Task<IDomainCopy> PrepareAsync(RelocationOffer offer, CancellationToken cancellationToken) => Task.FromResult<IDomainCopy>(Engine);

    public Task AnnounceAsync(ImmutableArray<ImmutableArray<IPAddress>> addresses, CancellationToken cancellationToken) => Task.CompletedTask;

    public void DeliverFrames(ImmutableArray<ImmutableArray<byte[]>> frames) => Frame = frames[0][0];

    public Task FenceAsync(long epoch, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task JournalResumeAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task ArriveAsync(long epoch, string? failure, CancellationToken cancellationToken)
    {
        registry.Standing = Standing.Arrived;
        Arrived = true;
        return Task.CompletedTask;
    }

    public Task UndoAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private sealed class Sink(long length) : IBootFileSink
    {
        private long _left = length;

        public ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
        {
            _left -= bytes.Length;
            return ValueTask.CompletedTask;
        }

        public Task<bool> KeepAsync(CancellationToken cancellationToken) => Task.FromResult(_left == 0);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}

/// <summary>The record, as far as the two sides ask for it.</summary>
internal sealed class ScriptedRegistry : IRelocationRegistry
{
    public Standing Standing { get; set; } = Standing.Elsewhere;

    public Task<bool> BeginAsync(CancellationToken cancellationToken)
    {
        Standing = Standing.Open;
        return Task.FromResult(true);
    }

    public Task<bool> AbortAsync(bool handedOver, CancellationToken cancellationToken) => Task.FromResult(false);

    public Task<long?> CommitAsync(CancellationToken cancellationToken)
    {
        Standing = Standing.Committed;
        return Task.FromResult<long?>(8);
    }

    public Task<bool> GiveBackAsync(CancellationToken cancellationToken) => Task.FromResult(false);

    public Task<bool> RecordArrivalAsync(CancellationToken cancellationToken) => Task.FromResult(true);

    public Task<Standing> ReadAsync(CancellationToken cancellationToken) => Task.FromResult(Standing);

    public Task ProbeAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}

internal sealed class OneLine(IRelocationChannel channel) : IRelocationDialer
{
    public Task<IRelocationChannel> DialAsync(string host, CancellationToken cancellationToken) => Task.FromResult(channel);
}
