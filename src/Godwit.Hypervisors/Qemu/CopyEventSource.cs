using System.Threading.Channels;
using Godwit.Domains;
using Godwit.Hypervisors.Qemu.Migration;
using Godwit.Hypervisors.Qemu.Qmp;
using Godwit.Hypervisors.Qemu.Qmp.Commands;
using Microsoft.Extensions.Logging;

namespace Godwit.Hypervisors.Qemu;

/// <summary>Makes the contract's events of QEMU's, and of what the migration stream shows.</summary>
/// <param name="domain">For the log.</param>
/// <param name="time">Stamps what QEMU does not.</param>
/// <param name="log">Takes what is unusual.</param>
/// <param name="receiving">Whether the copy is a receiver that has not loaded.</param>
/// <param name="qmp">The monitor as it is at the moment; throws while there is none.</param>
internal sealed class CopyEventSource(
    string domain, TimeProvider time, ILogger log, bool receiving, Func<QmpConnection> qmp)
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(2);
    private static readonly TimeSpan NoticesWithin = TimeSpan.FromSeconds(3);
    private readonly Channel<CopyEvent> _events = Channel.CreateUnbounded<CopyEvent>(new() { SingleReader = true });
    private bool _receiving = receiving;
    private bool _diskFailureTold;
    private volatile SendAttempt? _attempt;

    public ChannelReader<CopyEvent> Reader => _events.Reader;

    public void BeginSending(SendAttempt attempt) => _attempt = attempt;

    /// <summary>Called when the stream has shown the end of memory, or that it will not.</summary>
    public void StreamDecided(MigrationStreamParser.Outcome outcome)
    {
        if (outcome == MigrationStreamParser.Outcome.Lost) Log.StreamLost(log, domain);
        else TellMemorySent(time.GetUtcNow());
    }

    public async Task TakeAsync(QmpEvent @event, CancellationToken cancellationToken)
    {
        switch (@event.Name)
        {
            case "STOP":
                Post(new CopyEvent.Stopped(@event.At));
                break;
            case "RESUME":
                _diskFailureTold = false;
                Post(new CopyEvent.Resumed(@event.At));
                break;
            case "MIGRATION_PASS":
                Post(new CopyEvent.RoundBegan(@event.At, @event.Number("pass") ?? 0));
                break;
            case "MIGRATION" when _receiving:
                TakeReceiverStatus(@event);
                break;
            case "MIGRATION":
                await TakeSourceStatusAsync(@event, cancellationToken);
                break;
            case "SHUTDOWN":
                TakeShutdown(@event);
                break;
            case "GUEST_PANICKED":
                Post(new CopyEvent.GuestPanicked(@event.At));
                break;
            case "BLOCK_IO_ERROR" when @event.Text("action") == "stop" && !_diskFailureTold:
                // Every request in flight fails with one of its own; the guest stopped once.
                _diskFailureTold = true;
                Post(new CopyEvent.DiskFailed(
                    @event.At, DiskNames.OfNode(@event.Text("node-name")), @event.Text("reason") ?? "unknown"));
                break;
            default:
                break;
        }
    }

    /// <summary>From now on the attempt is in its last round.</summary>
    public void PermitSwitchover()
    {
        if (_attempt is { } attempt) attempt.Permitted = true;
    }

    /// <summary>
    /// Ends the attempt, whose stream is closed already, and waits until it has ended and the guest runs again if it ran
    /// before. In its last round QEMU gives the disks away, and one that is cancelled in that moment lets the guest run
    /// without them and dies of the guest's next write ("Assertion `!(bs->open_flags &amp; BDRV_O_INACTIVE)' failed"). It is
    /// left to notice that nobody takes its stream, after which it takes the disks back.
    /// </summary>
    public async Task CancelSendingAsync(CancellationToken cancellationToken)
    {
        // Taken first: the event of the end forgets it.
        var attempt = _attempt;
        var (began, told) = (time.GetTimestamp(), false);
        string? status;
        while (!MigrationStatus.HasEnded(status = (await qmp().QueryMigrateAsync(cancellationToken)).Status))
        {
            var inLastRound = attempt is { Permitted: true } || status == MigrationStatus.Device;
            if (!told && (!inLastRound || time.GetElapsedTime(began) > NoticesWithin))
            {
                await qmp().MigrateCancelAsync(cancellationToken);
                told = true;
            }
            await Task.Delay(Poll, time, cancellationToken);
        }
        if (status != MigrationStatus.Completed) await EnsureResumedAsync(attempt, cancellationToken);
    }

    /// <summary>QEMU's process has ended: the last event.</summary>
    public void Exited(string reason)
    {
        var now = time.GetUtcNow();
        if (_receiving) Post(new CopyEvent.ReceiveFailed(now, reason));
        Post(new CopyEvent.Exited(now, reason));
        Complete();
    }

    public void Complete() => _events.Writer.TryComplete();

    private void TakeReceiverStatus(QmpEvent @event)
    {
        switch (@event.Text("status"))
        {
            case MigrationStatus.Completed:
                _receiving = false;
                Post(new CopyEvent.Loaded(@event.At));
                break;
            case MigrationStatus.Failed:
                _receiving = false;
                Post(new CopyEvent.ReceiveFailed(@event.At, "QEMU could not load the stream"));
                break;
            default:
                break;
        }
    }

    private async Task TakeSourceStatusAsync(QmpEvent @event, CancellationToken cancellationToken)
    {
        switch (@event.Text("status"))
        {
            case MigrationStatus.PreSwitchover:
                Post(new CopyEvent.SwitchoverReady(@event.At));
                break;
            case MigrationStatus.Completed:
                TellMemorySent(@event.At);
                _attempt = null;
                Post(new CopyEvent.Held(@event.At));
                break;
            case MigrationStatus.Failed or MigrationStatus.Cancelled:
                await TellSendFailedAsync(@event, cancellationToken);
                break;
            default:
                break;
        }
    }

    private async Task TellSendFailedAsync(QmpEvent @event, CancellationToken cancellationToken)
    {
        var attempt = Interlocked.Exchange(ref _attempt, null);
        var reason = "it was cancelled";
        try
        {
            if (@event.Text("status") == MigrationStatus.Failed)
                reason = (await qmp().QueryMigrateAsync(cancellationToken)).ErrorDesc ?? "QEMU's migration failed";
            await EnsureResumedAsync(attempt, cancellationToken);
        }
        catch (Exception e) when (e is GodwitException or IOException)
        {
            Log.Failed(log, domain, "resuming after a failed migration", e);
        }
        Post(new CopyEvent.SendFailed(@event.At, reason));
    }

    /// <summary>
    /// QEMU resumes by itself after a failed attempt, just after it has said so; where it does not, it is told to.
    /// </summary>
    private async Task EnsureResumedAsync(SendAttempt? attempt, CancellationToken cancellationToken)
    {
        if (attempt is not { RanBefore: true }) return;
        for (var i = 0; i < 50; i++)
        {
            var status = await qmp().QueryStatusAsync(cancellationToken);
            if (status.Running) return;
            if (status.Status is not ("finish-migrate" or "postmigrate" or "paused")) return;
            await Task.Delay(Poll, time, cancellationToken);
        }
        await qmp().ContinueAsync(cancellationToken);
    }

    private void TakeShutdown(QmpEvent @event)
    {
        switch (@event.Text("reason"))
        {
            case "guest-shutdown":
                Post(new CopyEvent.GuestPoweredOff(@event.At));
                break;
            case "guest-reset":
                Post(new CopyEvent.GuestRebooted(@event.At));
                break;
            default:
                break; // By our own hand (quit, a signal), or a panic, which has an event of its own.
        }
    }

    private void TellMemorySent(DateTimeOffset at)
    {
        if (_attempt is { } attempt && attempt.TakeMemorySent()) Post(new CopyEvent.MemorySent(at));
    }

    private void Post(CopyEvent @event) => _events.Writer.TryWrite(@event);
}
