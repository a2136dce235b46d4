using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Godwit.Daemon.Members;
using Godwit.Daemon.Roles;
using Godwit.Domains;
using Godwit.Host;
using Godwit.Hypervisors;
using Godwit.Pool;
using Godwit.Relocation;
using Godwit.Relocation.Channel;
using Godwit.Storage;
using Godwit.Storage.Volumes;

namespace Godwit.Daemon.Tests.Hosting;

/// <summary>Domains that are records and nothing more, and that remember what was asked of them.</summary>
internal sealed class FakeDomainHost(string name, IRegistry registry) : IDomainHost
{
    private readonly ConcurrentDictionary<string, DomainRecord> _domains = new();

    public ConcurrentQueue<string> Asked { get; } = [];

    public ConcurrentQueue<RelocationTicket> Tickets { get; } = [];

    /// <summary>How the last move was asked for.</summary>
    public RelocationOptions? LastOptions { get; private set; }

    /// <summary>What its domains wait for.</summary>
    public string? Waits { get; set; }

    /// <summary>Disks of theirs that have no fence.</summary>
    public ImmutableArray<DiskIdentity> Unfenced { get; set; } = [];

    /// <summary>What it does with them.</summary>
    public DomainActivity Activity { get; set; } = DomainActivity.Settled;

    /// <summary>What a channel that comes in is given to.</summary>
    public Func<IRelocationChannel, Task> OnChannel { get; set; } = channel => channel.DisposeAsync().AsTask();

    public ImmutableArray<RelocationTicket> Relocations => [.. Tickets];

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task Settled => Task.CompletedTask;

    public Task TakeOverAsync(string domain, CancellationToken cancellationToken)
    {
        Asked.Enqueue($"take-over {domain}");
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Why it creates no domains, and changes none.</summary>
    public GodwitException? Refusal { get; set; }

    public async Task<DomainView> CreateAsync(DomainSpec spec, CreateOptions options, CancellationToken cancellationToken)
    {
        if (Refusal is { } refusal)
            throw refusal;
        var record = new DomainRecord
        {
            Spec = spec,
            Pin = new HardwarePin("fake", "none", "pc-1", "cpu-1"),
            Owner = name,
            RunState = RunState.Running,
        };
        var answer = await registry.CompareAndSetAsync(record, 0, drawEpoch: true, cancellationToken);
        if (!answer.Won)
            throw new GodwitException("domain-exists", $"There is a domain {spec.Name} already.");
        _domains[spec.Name] = answer.Current!;
        return await ShowAsync(spec.Name, cancellationToken);
    }

    public Task<ImmutableArray<DomainView>> ListAsync(CancellationToken cancellationToken) =>
        Task.FromResult<ImmutableArray<DomainView>>([.. _domains.Values.Select(View)]);

    public Task<DomainView> ShowAsync(string domain, CancellationToken cancellationToken) => Task.FromResult(View(Find(domain)));

    public Task ShutdownAsync(string domain, CancellationToken cancellationToken) => Note("shutdown", domain);

    public Task RebootAsync(string domain, CancellationToken cancellationToken) => Note("reboot", domain);

    public Task DestroyAsync(string domain, CancellationToken cancellationToken) => Note("destroy", domain);

    public Task PauseAsync(string domain, CancellationToken cancellationToken) => Note("pause", domain);

    public Task UnpauseAsync(string domain, CancellationToken cancellationToken) => Note("unpause", domain);

    public Task<DomainView> SetMemoryAsync(string domain, int mib, CancellationToken cancellationToken) =>
        ResizeAsync(domain, $"memory {domain} {mib}", spec => spec.WithMemory(mib));

    public Task<DomainView> SetVirtualCpusAsync(string domain, int count, CancellationToken cancellationToken) =>
        ResizeAsync(domain, $"vcpus {domain} {count}", spec => spec.WithVirtualCpus(count));

    /// <summary>When saving and restoring end.</summary>
    public Task SaveEnds { get; set; } = Task.CompletedTask;

    public async Task SaveAsync(string domain, IProgress<WorkProgress> progress, CancellationToken cancellationToken)
    {
        await Note("save", domain);
        await WorkAsync(progress, cancellationToken);
        await SetAsync(domain, record => record with { RunState = RunState.Saved, Saved = new SavedMemory(Guid.Empty, [record.Epoch], 4096, DateTimeOffset.UnixEpoch, Paused: true) });
        _domains.TryRemove(domain, out _);
    }

    public async Task<DomainView> RestoreAsync(string domain, RestoreOptions options, IProgress<WorkProgress> progress, CancellationToken cancellationToken)
    {
        Asked.Enqueue(options.Paused ? $"restore {domain} paused" : $"restore {domain}");
        await WorkAsync(progress, cancellationToken);
        _domains[domain] = await SetAsync(domain, record => record with { RunState = RunState.Running, Saved = null });
        return View(Find(domain));
    }

    private async Task WorkAsync(IProgress<WorkProgress> progress, CancellationToken cancellationToken)
    {
        progress.Report(new WorkProgress(1, 4));
        await SaveEnds.WaitAsync(cancellationToken);
    }

    private async Task<DomainRecord> SetAsync(string domain, Func<DomainRecord, DomainRecord> change)
    {
        var record = (await registry.FindAsync(domain, default))!;
        return (await registry.CompareAndSetAsync(change(record), record.Revision, drawEpoch: false, default)).Current!;
    }

    public List<(VolumeName Volume, long SizeBytes)> Grown { get; } = [];

    public Task GrowDisksAsync(VolumeName volume, long sizeBytes, CancellationToken cancellationToken)
    {
        Grown.Add((volume, sizeBytes));
        return Task.CompletedTask;
    }

    /// <summary>Says <c>login: </c>, and then everything twice, as a terminal with local echo would. The guest ends at an end of file.</summary>
    public Task<Stream> OpenConsoleAsync(string domain, CancellationToken cancellationToken)
    {
        Find(domain);
        return Task.FromResult<Stream>(new EchoStream("login: "u8));
    }

    public Task<RelocationTicket> RelocateAsync(
        string domain, string destination, RelocationOptions options, CancellationToken cancellationToken)
    {
        var record = Find(domain);
        var ticket = new RelocationTicket(Guid.NewGuid(), record.Name, name, destination, TimeProvider.System);
        Tickets.Enqueue(ticket);
        LastOptions = options;
        return Task.FromResult(ticket);
    }

    public Task AcceptAsync(IRelocationChannel channel, CancellationToken cancellationToken) => OnChannel(channel);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "Report")]
    public static extern void Report(RelocationTicket ticket, RelocationProgress progress);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "End")]
    public static extern void End(RelocationTicket ticket, RelocationProgress last, RelocationResult result);

    private DomainView View(DomainRecord record) =>
        new(record, new CopyStatus(CopyPhase.Running, TimeSpan.FromSeconds(1.5), record.Spec.MemoryMiB, 4711), Activity, null, Waits) { Unfenced = Unfenced };

    private DomainRecord Find(string domain) => _domains.TryGetValue(domain, out var record)
        ? record
        : throw new GodwitException("no-such-domain", $"There is no domain {domain} here.");

    private Task<DomainView> ResizeAsync(string domain, string asked, Func<DomainSpec, DomainSpec> change)
    {
        if (Refusal is { } refusal)
            throw refusal;
        var record = Find(domain);
        Asked.Enqueue(asked);
        _domains[domain] = record with { Spec = change(record.Spec) };
        return ShowAsync(domain, default);
    }

    private Task Note(string verb, string domain)
    {
        Find(domain);
        Asked.Enqueue($"{verb} {domain}");
        return Task.CompletedTask;
    }

    private sealed class EchoStream : Stream
    {
        private const byte EndOfFile = 4;

        private readonly Pipe _pipe = new();

        public EchoStream(ReadOnlySpan<byte> greeting) => _pipe.Writer.AsStream().Write(greeting);

        public override bool CanRead => true;

        public override bool CanWrite => true;

        public override bool CanSeek => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            _pipe.Reader.AsStream().ReadAsync(buffer, cancellationToken);

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await _pipe.Writer.WriteAsync(buffer, cancellationToken);
            if (buffer.Span.Contains(EndOfFile)) await _pipe.Writer.CompleteAsync();
        }

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}

internal sealed class FakeComputeParts(FakeDomainHost domains, Func<Task> opening) : IComputeParts
{
    public async Task<RunningHost> OpenAsync(PoolIdentity identity, CancellationToken cancellationToken)
    {
        await opening().WaitAsync(cancellationToken);
        return new RunningHost(domains, new EngineFacts("fake", "1", "none", ["pc-1"], ["cpu-1"]));
    }
}
