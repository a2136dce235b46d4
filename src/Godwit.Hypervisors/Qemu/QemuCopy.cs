using System.Collections.Immutable;
using System.Net.Sockets;
using System.Threading.Channels;
using Godwit.Domains;
using Godwit.Hypervisors.Network;
using Godwit.Hypervisors.Qemu.Console;
using Godwit.Hypervisors.Qemu.Migration;
using Godwit.Hypervisors.Qemu.Qmp;
using Godwit.Hypervisors.Qemu.Qmp.Commands;
using Godwit.Native;
using Godwit.Native.Network;
using Godwit.Native.Processes;
using Godwit.Native.Sockets;
using Microsoft.Extensions.Logging;

namespace Godwit.Hypervisors.Qemu;

/// <summary>
/// A copy of a domain in a QEMU process, steered by its monitor. What QEMU calls its states and what they are here:
/// <code>
///  source:   running ──migrate──► finish-migrate ──────────► postmigrate        here: Running, SwitchingOver, Held
///              ▲   (rounds)      (pre-switchover, device)  │ (completed)
///              └───── failed, cancelled ◄──────────────────┘  until `cont`
///  receiver: inmigrate ──loaded──► paused ──cont──► running                     here: Receiving, Loaded, Running
/// </code>
/// Hold is QEMU's <c>completed</c>: with a return path it comes only after the other side has said that it loaded all,
/// and after it nothing but <c>cont</c> lets the guest run. To a file it is sent without a return path, and paused: QEMU then has
/// completed when it has written all, and answers its monitor meanwhile.
/// </summary>
internal sealed class QemuCopy : IDomainCopy
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(2), EndLimit = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan SettleLimit = TimeSpan.FromSeconds(10);

    /// <summary>
    /// What waits for a receiver, which is the slowest part of the way: it must not run dry while the rest is scheduled.
    /// The kernel wakes the writer only when three quarters of it have been taken.
    /// </summary>
    private const int ReceiveBuffer = 1 << 20;

    /// <summary>In place of "no bound", which this QEMU parameter does not know: a tebibyte per second.</summary>
    private const long Unbounded = 1L << 40;

    private readonly RunDirectory _directory;
    private readonly RunningProcess _process;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly ConsoleHub _console;
    private readonly CopyEventSource _events;
    private readonly CancellationTokenSource _letGo = new();
    private readonly Task _watching;
    private volatile QmpConnection? _qmp;

    /// <param name="qmp">Null when the monitor does not answer; it is tried again for as long as the process lives.</param>
    public QemuCopy(
        CopyDescription description, RunDirectory directory, RunningProcess process, QmpConnection? qmp, bool receiving,
        TimeProvider time, ILogger log)
    {
        (Order, Ports, _directory, _process, _qmp, _time, _log) =
            (description.Order, description.Ports, directory, process, qmp, time, log);
        _console = new ConsoleHub(directory, time);
        _events = new CopyEventSource(Order.Spec.Name, time, log, receiving, () => Qmp);
        _watching = WatchAsync();
    }

    public Guid CopyId => Order.CopyId;

    public CopyOrder Order { get; }

    public ImmutableArray<GuestPort> Ports { get; }

    public ChannelReader<CopyEvent> Events => _events.Reader;

    private QmpConnection Qmp => _qmp ?? throw new QmpLostException($"QEMU's monitor of {Order.Spec.Name} does not answer") { NothingSent = true };

    public async Task<CopyStatus> QueryAsync(CancellationToken cancellationToken)
    {
        var phase = _process.HasExited() ? CopyPhase.Gone : await QueryPhaseAsync(cancellationToken);
        return new CopyStatus(phase, _process.CpuTime, Order.Spec.MemoryMiB, phase == CopyPhase.Gone ? 0 : _process.Id);
    }

    public async Task ContinueAsync(CancellationToken cancellationToken)
    {
        if (!_directory.HasRun) await EnsureThereAsync(cancellationToken);
        // Before the command, so that a copy found again is never taken for one that did not run.
        _directory.MarkRun();
        try
        {
            await Qmp.ContinueAsync(cancellationToken);
        }
        catch (QmpLostException e) when (e.NothingSent)
        {
            throw Gone(e);
        }
    }

    // A process that was killed takes some milliseconds to close its line. If the order to run were the first to meet with that, nobody
    // could tell whether the guest ran, and its memory on the other side would be given up for nothing.
    private async Task EnsureThereAsync(CancellationToken cancellationToken)
    {
        try
        {
            await Qmp.QueryStatusAsync(cancellationToken);
        }
        catch (QmpLostException e)
        {
            throw Gone(e);
        }
    }

    private EngineGoneException Gone(QmpLostException e) =>
        new($"QEMU of {Order.Spec.Name} was gone before it was told to run: {e.Message}", e);

    public Task PauseAsync(CancellationToken cancellationToken) => Qmp.StopAsync(cancellationToken);

    public Task RequestShutdownAsync(CancellationToken cancellationToken) => Qmp.PowerDownAsync(cancellationToken);

    public Task RebootAsync(CancellationToken cancellationToken) => Qmp.PressCtrlAltDeleteAsync(cancellationToken);

    public IReadOnlyList<byte[]> TakeWaiting(GuestPort port)
    {
        try
        {
            using var queue = TapQueue.Borrow(_process, port.Device);
            return queue.Take();
        }
        catch (NativeException e)
        {
            NetworkLog.NotPassedOn(_log, port.Device, e.Message);
            return [];
        }
    }

    public async Task DestroyAsync(CancellationToken cancellationToken)
    {
        _process.Kill();
        while (!_process.HasExited()) await Task.Delay(PollInterval, _time, cancellationToken);
        // The taps went with the process, which alone held them.
        _directory.Remove();
    }

    // QEMU's client of NBD learns a size when it connects, and that its line is closed when it next asks for something: so it is
    // made to ask.
    public async Task GrowDiskAsync(int index, long sizeBytes, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(SettleLimit);
        var node = DiskNames.Node(index);
        while (true)
        {
            try
            {
                await Qmp.ReadBlockAsync(node, limit.Token);
                await Qmp.ResizeBlockAsync(node, sizeBytes, limit.Token);
                return;
            }
            catch (QmpException) when (!limit.IsCancellationRequested)
            {
                await Task.Delay(PollInterval, _time, limit.Token);
            }
            catch (Exception e) when (e is QmpException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
            {
                throw new GodwitException("disk-not-grown", $"QEMU does not take the new size of disk {DiskNames.Of(index)} of {Order.Spec.Name}: {e.Message}",
                    "Repeat the command; after its next start the domain has the new size in any case.", e);
            }
        }
    }

    public Task SetMemoryAsync(int mib, CancellationToken cancellationToken) => throw HypervisorErrors.CannotResize(Order.Spec.Name, "qemu");

    public Task SetVirtualCpusAsync(int count, CancellationToken cancellationToken) => throw HypervisorErrors.CannotResize(Order.Spec.Name, "qemu");

    public Task<Stream> OpenConsoleAsync(CancellationToken cancellationToken) => Task.FromResult<Stream>(_console.Open());

    public async Task<Stream> SendAsync(SendOptions options, CancellationToken cancellationToken)
    {
        var status = await Qmp.QueryStatusAsync(cancellationToken);
        // QEMU leaves a paused guest so when a move of it has failed, and moves it from there no more.
        if (status.Status == "postmigrate")
            throw new GodwitException(
                "paused-after-move",
                $"{Order.Spec.Name} was paused when an earlier move of it ended, and QEMU does not send it from that state.",
                $"Run: godwit unpause {Order.Spec.Name}, and pause it again if it is to stay so.");
        await Qmp.SetMigrateCapabilitiesAsync([MigrationCapabilityName.ReturnPath], enabled: !options.ToFile, cancellationToken);
        await Qmp.SetMigrateParametersAsync(
            new(options.DowntimeLimitMilliseconds, options.MaxBytesPerSecond > 0 ? options.MaxBytesPerSecond : Unbounded),
            cancellationToken);
        File.Delete(_directory.SendSocket);
        using var descriptor = UnixListener.Listen(_directory.SendSocket);
        _directory.Share(_directory.SendSocket);
        using var listener = new Socket(new SafeSocketHandle(descriptor.DangerousGetHandle(), ownsHandle: false));
        _events.BeginSending(new SendAttempt(status.Running));
        try
        {
            if (options.ToFile && status.Running) await Qmp.StopAsync(cancellationToken);
            await Qmp.MigrateAsync("unix:" + _directory.SendSocket, cancellationToken);
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(SettleLimit);
            var socket = await listener.AcceptAsync(limit.Token);
            return new SendStream(new NetworkStream(socket, ownsSocket: true), _events.StreamDecided);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            await CancelSendAsync(cancellationToken);
            throw new GodwitException("engine-silent", $"QEMU does not begin to send {Order.Spec.Name}.");
        }
        finally
        {
            File.Delete(_directory.SendSocket);
        }
    }

    public async Task<SendProgress> QuerySendAsync(CancellationToken cancellationToken)
    {
        var info = await Qmp.QueryMigrateAsync(cancellationToken);
        if (info.Ram is not { } ram) return new SendProgress(0, 0, 0, Order.Spec.MemoryMiB * (1L << 20), 0, 0, 0);
        return new SendProgress(
            (int)ram.DirtySyncCount,
            ram.Transferred,
            ram.Remaining,
            ram.Total,
            ram.DirtyPagesRate * ram.PageSize,
            (long)(ram.Mbps * 1e6 / 8),
            (int)info.ExpectedDowntime);
    }

    public Task PermitSwitchoverAsync(CancellationToken cancellationToken)
    {
        _events.PermitSwitchover();
        return Qmp.MigrateContinueAsync(MigrationStatus.PreSwitchover, cancellationToken);
    }

    public async Task CancelSendAsync(CancellationToken cancellationToken)
    {
        if (MigrationStatus.HasEnded((await Qmp.QueryMigrateAsync(cancellationToken)).Status)) return;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(SettleLimit);
        try
        {
            await _events.CancelSendingAsync(limit.Token);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new GodwitException(
                "engine-silent", $"QEMU does not end sending {Order.Spec.Name} within {SettleLimit.TotalSeconds} s.",
                $"See `godwit info {Order.Spec.Name}`; it can be moved once QEMU has ended that.", e);
        }
    }

    public async Task<Stream> ReceiveAsync(CancellationToken cancellationToken)
    {
        File.Delete(_directory.ReceiveSocket);
        await Qmp.MigrateIncomingAsync("unix:" + _directory.ReceiveSocket, cancellationToken);
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { SendBufferSize = ReceiveBuffer };
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(_directory.ReceiveSocket), cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw new GodwitException("engine-silent", $"QEMU does not take the memory of {Order.Spec.Name}: {e.Message}", null, e);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
        finally
        {
            File.Delete(_directory.ReceiveSocket);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _letGo.CancelAsync();
        if (_qmp is { } qmp) await qmp.DisposeAsync();
        await _watching;
        await _console.DisposeAsync();
        _events.Complete();
        _letGo.Dispose();
    }

    private async Task<CopyPhase> QueryPhaseAsync(CancellationToken cancellationToken)
    {
        var status = await Qmp.QueryStatusAsync(cancellationToken);
        switch (status.Status)
        {
            case "running" or "suspended":
                return CopyPhase.Running;
            case "prelaunch":
                return CopyPhase.Prepared;
            case "inmigrate":
                return CopyPhase.Receiving;
            case "finish-migrate":
                return CopyPhase.SwitchingOver;
            case "postmigrate":
                // A guest that was paused before ends here too when the attempt failed.
                var migration = await Qmp.QueryMigrateAsync(cancellationToken);
                return migration.Status == MigrationStatus.Completed ? CopyPhase.Held : CopyPhase.Paused;
            case "io-error":
                return CopyPhase.IoError;
            case "shutdown":
                return CopyPhase.ShutOff;
            case "guest-panicked" or "internal-error":
                return CopyPhase.Crashed;
            default:
                return _directory.HasRun ? CopyPhase.Paused : CopyPhase.Loaded;
        }
    }

    private async Task WatchAsync()
    {
        try
        {
            while (true)
            {
                var reason = await FollowMonitorAsync();
                if (_letGo.IsCancellationRequested) return;
                // The monitor closes when the process ends, a moment before that can be seen.
                if (await _process.EndsAsync(EndLimit, _time, _letGo.Token)) break;
                Log.MonitorLost(_log, Order.Spec.Name, reason);
                await ReconnectAsync();
            }
            var words = _directory.LastWords();
            var ended = words.Length > 0 ? words : "its process was killed";
            Log.Exited(_log, Order.Spec.Name, ended);
            await _console.DisposeAsync();
            _events.Exited(ended);
        }
        catch (OperationCanceledException) when (_letGo.IsCancellationRequested)
        {
            // The copy goes on without us.
        }
    }

    private async Task<string> FollowMonitorAsync()
    {
        if (_qmp is not { } qmp) return "it did not answer";
        try
        {
            await foreach (var @event in qmp.Events.ReadAllAsync(_letGo.Token)) await _events.TakeAsync(@event, _letGo.Token);
        }
        catch (QmpLostException e)
        {
            return e.Message;
        }
        return "";
    }

    private async Task ReconnectAsync()
    {
        var lost = Interlocked.Exchange(ref _qmp, null);
        if (lost is not null) await lost.DisposeAsync();
        while (_qmp is null && !_process.HasExited())
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(_letGo.Token);
            limit.CancelAfter(SettleLimit);
            try
            {
                _qmp = await QmpConnection.ConnectAsync(_directory.MonitorSocket, limit.Token);
            }
            catch (QmpLostException)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(500), _time, _letGo.Token);
            }
            catch (OperationCanceledException) when (!_letGo.IsCancellationRequested)
            {
                // It hangs: tried again, with the process watched in between.
            }
        }
    }
}
