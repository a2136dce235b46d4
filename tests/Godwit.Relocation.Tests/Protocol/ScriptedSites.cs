using System.Collections.Immutable;
using System.Net;
using Godwit.Domains;
using Godwit.Hypervisors;
using Godwit.Relocation.Channel;
using Godwit.Relocation.Destination;
using Godwit.Relocation.Protocol;
using Godwit.Relocation.Source;

namespace Godwit.Relocation.Tests.Protocol;

/// <summary>How a scripted relocation goes.</summary>
public enum Course
{
    Moved = 1,

    /// <summary>The destination would not take it.</summary>
    Refused,

    /// <summary>The destination could not prepare.</summary>
    Failed,

    /// <summary>The destination had it and could not fence a disk.</summary>
    GivenBack,
}

/// <summary>The source of a relocation, which does nothing wrong.</summary>
internal sealed class ScriptedSource(ScriptedRegistry registry) : ISourceSite
{
    public static byte[] Kernel { get; } = [1, 2, 3, 4];

    public ScriptedCopy Engine { get; init; } = new();

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

    public void NoteFrames()
    {
        // None come.
    }

    public ImmutableArray<ImmutableArray<byte[]>> TakeFrames(DateTimeOffset stopped) => [[[0xf0]]];

    public void ForgetFrames()
    {
        // None were kept.
    }

    public Task AnnounceBackAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task DestroyCopyAsync(CancellationToken cancellationToken) => Engine.DestroyAsync(cancellationToken);
}

/// <summary>The destination of a relocation; it lacks the kernel.</summary>
internal sealed class ScriptedDestination(ScriptedRegistry registry, Course course) : IDestinationSite
{
    /// <summary>So that the clocks are compared before it fails, and recordings do not differ.</summary>
    private static readonly TimeSpan FailingTakes = TimeSpan.FromMilliseconds(300);
    private readonly TaskCompletionSource _framed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ScriptedCopy Engine { get; init; } = new();

    public IRelocationRegistry Registry => registry;

    public bool Arrived { get; private set; }

    public byte[]? Frame { get; private set; }

    /// <summary>Fences when the guest's frames have come, as a real one does, for whom that takes longer than they are on the way.</summary>
    public bool AwaitsFrames { get; init; }

    /// <summary>What the first bytes of the kernel meet.</summary>
    public Exception? FailsToStore { get; init; }

    public bool Judged { get; private set; }

    public bool Undone { get; private set; }

    public Task<ImmutableArray<string>> JudgeAsync(RelocationOffer offer, CancellationToken cancellationToken)
    {
        Judged = true;
        return course == Course.Refused
            ? throw new GodwitException("no-memory", "too little memory", "make room")
            : Task.FromResult<ImmutableArray<string>>([offer.KernelDigest!]);
    }

    public IBootFileSink CreateBootFile(string digest, long length) => new Sink(length, FailsToStore);

    public async Task<IDomainCopy> PrepareAsync(RelocationOffer offer, CancellationToken cancellationToken)
    {
        if (course != Course.Failed)
            return Engine;
        await Task.Delay(FailingTakes, cancellationToken);
        throw new GodwitException("no-disk", "a disk is away", "see the storage host");
    }

    public Task AnnounceAsync(ImmutableArray<ImmutableArray<IPAddress>> addresses, CancellationToken cancellationToken) => Task.CompletedTask;

    public void DeliverFrames(ImmutableArray<ImmutableArray<byte[]>> frames)
    {
        Frame = frames[0][0];
        _framed.SetResult();
    }

    public Task FenceAsync(long epoch, CancellationToken cancellationToken) => course == Course.GivenBack
        ? throw new GodwitException("no-disk", "a disk is away")
        : AwaitsFrames ? _framed.Task.WaitAsync(cancellationToken) : Task.CompletedTask;

    public Task JournalResumeAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task ArriveAsync(long epoch, string? failure, CancellationToken cancellationToken)
    {
        registry.Standing = Standing.Arrived;
        Arrived = true;
        return Task.CompletedTask;
    }

    public Task UndoAsync(CancellationToken cancellationToken)
    {
        Undone = true;
        return Task.CompletedTask;
    }

    private sealed class Sink(long length, Exception? failure) : IBootFileSink
    {
        private long _left = length;

        public ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
        {
            _left -= bytes.Length;
            return failure is null ? ValueTask.CompletedTask : ValueTask.FromException(failure);
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

    public Task<bool> AbortAsync(bool handedOver, CancellationToken cancellationToken)
    {
        Standing = Standing.Aborted;
        return Task.FromResult(true);
    }

    public Task<long?> CommitAsync(CancellationToken cancellationToken)
    {
        Standing = Standing.Committed;
        return Task.FromResult<long?>(8);
    }

    public Task<bool> GiveBackAsync(CancellationToken cancellationToken)
    {
        Standing = Standing.GivenBack;
        return Task.FromResult(true);
    }

    public Task<bool> RecordArrivalAsync(CancellationToken cancellationToken) => Task.FromResult(true);

    public Task<Standing> ReadAsync(CancellationToken cancellationToken) => Task.FromResult(Standing);

    public Task ProbeAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}

internal sealed class OneLine(IRelocationChannel channel) : IRelocationDialer
{
    public Task<IRelocationChannel> DialAsync(string host, CancellationToken cancellationToken) => Task.FromResult(channel);
}
