using System.Collections.Immutable;
using System.Text;
using System.Threading.Channels;
using Godwit.Domains;

namespace Godwit.Hypervisors.Fake;

/// <summary>A daemon's hold on a <see cref="FakeProcess"/>.</summary>
internal sealed class FakeDomainCopy : IDomainCopy
{
    private static readonly TimeSpan s_deafAgain = TimeSpan.FromMilliseconds(5);
    private readonly FakeEngine _engine;
    private readonly FakeProcess _process;
    private readonly Channel<CopyEvent> _events = Channel.CreateUnbounded<CopyEvent>(new() { SingleReader = true });

    public FakeDomainCopy(FakeEngine engine, FakeProcess process)
    {
        (_engine, _process) = (engine, process);
        process.Listener = this;
    }

    public Guid CopyId => Order.CopyId;

    public CopyOrder Order => _process.Order;

    public ImmutableArray<GuestPort> Ports => _process.Ports;

    public ChannelReader<CopyEvent> Events => _events.Reader;

    public Task<CopyStatus> QueryAsync(CancellationToken cancellationToken) =>
        Do(() => new CopyStatus(_process.Phase, _process.CpuTime, Order.Spec.MemoryMiB, _process.Phase == CopyPhase.Gone ? 0 : _process.Id)
        {
            VirtualCpus = Order.Spec.VirtualCpus,
        }, cancellationToken);

    public Task ContinueAsync(CancellationToken cancellationToken) => Do(_process.Continue, cancellationToken);

    public Task PauseAsync(CancellationToken cancellationToken) => Do(_process.Pause, cancellationToken);

    public Task RebootAsync(CancellationToken cancellationToken) => Do(_process.Reboot, cancellationToken);

    public IReadOnlyList<byte[]> TakeWaiting(GuestPort port) => [];

    public Task DestroyAsync(CancellationToken cancellationToken) => Do(() => _process.Kill("destroyed"), cancellationToken);

    public Task RequestShutdownAsync(CancellationToken cancellationToken) => Do(
        () =>
        {
            ITimer? timer = null;
            timer = _engine.Time.CreateTimer(
                _ =>
                {
                    timer?.Dispose();
                    _process.PowerOff();
                },
                null, _engine.Options.ShutdownTime, Timeout.InfiniteTimeSpan);
        },
        cancellationToken);

    // Its guest writes by numbers of blocks, and never asks for the size of a disk.
    public Task GrowDiskAsync(int index, long sizeBytes, CancellationToken cancellationToken) => Do(() => { }, cancellationToken);

    public Task SetMemoryAsync(int mib, CancellationToken cancellationToken) =>
        Do(() => _process.Resize(spec => spec.WithMemory(mib)), cancellationToken);

    public Task SetVirtualCpusAsync(int count, CancellationToken cancellationToken) =>
        Do(() => _process.Resize(spec => spec.WithVirtualCpus(count)), cancellationToken);

    public Task<Stream> OpenConsoleAsync(CancellationToken cancellationToken) => Do<Stream>(
        () =>
        {
            // It echoes, which is all that a guest without a program can do.
            FakePipe? console = null;
            console = new FakePipe(bytes => console!.Say(bytes.ToArray()), static () => { });
            console.Say(Encoding.ASCII.GetBytes($"{Order.Spec.Name} login: "));
            return console;
        },
        cancellationToken);

    public Task PrepareSendAsync(SendOptions options, CancellationToken cancellationToken) =>
        Do(() => _process.SendPrepared = true, cancellationToken);

    public Task<Stream> SendAsync(SendOptions options, CancellationToken cancellationToken) =>
        Do(() => _process.BeginSend(options), cancellationToken);

    public Task<SendProgress> QuerySendAsync(CancellationToken cancellationToken) => Do(
        () => _process.Send?.Progress ?? new SendProgress(0, 0, 0, Order.Spec.MemoryMiB * (1L << 20), 0, 0, 0), cancellationToken);

    public Task PermitSwitchoverAsync(CancellationToken cancellationToken) =>
        Do(() => (_process.Send ?? throw new GodwitException("engine-failed", "nothing is being sent")).Permit(), cancellationToken);

    public async Task CancelSendAsync(CancellationToken cancellationToken)
    {
        while (_process.Send is { IsDeaf: true })
            await Task.Delay(s_deafAgain, _engine.Time, cancellationToken);
        await Do(() => _process.CancelSend(), cancellationToken);
    }

    public Task<Stream> ReceiveAsync(CancellationToken cancellationToken) => Do(_process.BeginReceive, cancellationToken);

    /// <summary>Lets go of the process, as a daemon that ends does: the connections close, the guest goes on.</summary>
    public ValueTask DisposeAsync()
    {
        if (ReferenceEquals(_process.Listener, this))
            _process.LoseDaemon();
        _events.Writer.TryComplete();
        return ValueTask.CompletedTask;
    }

    internal void Hear(CopyEvent @event)
    {
        _events.Writer.TryWrite(@event);
        if (@event is CopyEvent.Exited)
            _events.Writer.TryComplete();
    }

    private static Task<bool> Do(Action work, CancellationToken cancellationToken) => Do(
        () =>
        {
            work();
            return true;
        },
        cancellationToken);

    // A process that is gone still says so when asked, and being destroyed again is harmless.
    private static Task<T> Do<T>(Func<T> work, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
            return Task.FromCanceled<T>(cancellationToken);
        try
        {
            return Task.FromResult(work());
        }
        catch (Exception e) when (e is GodwitException or OperationCanceledException)
        {
            return Task.FromException<T>(e);
        }
    }
}
