using System.Buffers;
using Godwit.Domains;
using Godwit.Host.Create;
using Godwit.Hypervisors;
using Godwit.Pool;
using Godwit.Pool.Ownership;
using Godwit.Relocation.Channel;
using Godwit.Relocation.Protocol;
using Godwit.Storage.Volumes;
using Microsoft.Extensions.Logging;

namespace Godwit.Host.Save;

/// <summary>
/// Writes a copy's memory to a file, in the order in which a move sends it. What decides is the record alone:
/// <code>
///  send ──► stopped ──► held, all read ──► disks flushed, file on stable storage ──► compare-and-set ──► saved
///    │         │              │                             │                             │ lost
///    └─────────┴──────────────┴─────────────────────────────┴──► the guest goes on        └──► held, and doubted
/// </code>
/// </summary>
internal sealed class SaveRun(HostParts parts, StartedDomain domain, RelocationOffer offer, IProgress<WorkProgress> progress) : IAsyncDisposable
{
    /// <summary>The stop need not be short, for the guest does not go on after it.</summary>
    private const int DowntimeLimitMilliseconds = 1000;
    private const int BlockLength = 256 << 10;
    private const int ResumeAttempts = 20;
    private static readonly TimeSpan AskAgain = TimeSpan.FromMilliseconds(500), LookAgain = TimeSpan.FromMilliseconds(50);

    private readonly ILogger _log = parts.Logs.CreateLogger<SaveRun>();
    // What waits for them goes on in its place among all else of the domain, not on a thread of the pool.
    private readonly TaskCompletionSource _ready = new(), _held = new();
    private GodwitException? _failure;
    private Stream? _stream;
    private Task _pumping = Task.CompletedTask;

    private string Name => domain.Record.Name;

    /// <summary>Takes an event of the copy; the task that owns the domain passes them on.</summary>
    public void Observe(CopyEvent @event)
    {
        switch (@event)
        {
            case CopyEvent.SwitchoverReady:
                _ready.TrySetResult();
                break;
            case CopyEvent.Held:
                _held.TrySetResult();
                break;
            case CopyEvent.Resumed when _held.Task.IsCompletedSuccessfully:
                Fail("somebody let its held copy run");
                break;
            case CopyEvent.SendFailed e:
                Fail(e.Reason);
                break;
            case CopyEvent.GuestPoweredOff:
                Fail("the guest powered off meanwhile");
                break;
            case CopyEvent.GuestRebooted when domain.Record.Spec.OnReboot != LifecycleAction.Restart:
                Fail("the guest rebooted meanwhile, which ends it by its on_reboot");
                break;
            case CopyEvent.GuestPanicked:
                Fail("the guest panicked meanwhile");
                break;
            case CopyEvent.Exited e:
                Fail($"its engine ended: {e.Reason}");
                break;
            default:
                break;
        }
    }

    /// <param name="asked">Whoever asked for it gives it up; heard until the record is changed.</param>
    /// <param name="daemon">The daemon ends.</param>
    public async Task<SaveEnding> RunAsync(CancellationToken asked, CancellationToken daemon)
    {
        SavedMemory saved;
        using (var either = CancellationTokenSource.CreateLinkedTokenSource(asked, daemon))
        {
            try
            {
                saved = await WriteAsync(either.Token);
                await ReachAsync("save.Commit", either.Token);
            }
            catch (Exception e)
            {
                // Before it goes on, which the engine tells as if somebody else had let it.
                var why = Explain(e);
                await GoOnAsync();
                parts.ForgetSaved(Name, _log);
                return new SaveEnding.Kept(why);
            }
        }
        // Who does not hear what became of this change lets nothing run: the next daemon reads the record.
        var (name, epoch) = (parts.Name, domain.Record.Epoch);
        var record = await parts.Records.ChangeAsync(
            Name, r => r.Owner == name && r.Epoch == epoch && r.Saved?.Id == saved.Id, r => Transitions.Save(r, name, epoch, saved), daemon);
        await ReachAsync("save.Destroy", daemon);
        if (record is not null)
            return new SaveEnding.Saved();
        parts.ForgetSaved(Name, _log);
        return new SaveEnding.Lost();
    }

    /// <summary>Lets go of the engine's stream: the last, for an engine that still holds its copy might take it for a line that broke.</summary>
    public ValueTask DisposeAsync() => _stream?.DisposeAsync() ?? ValueTask.CompletedTask;

    private async Task<SavedMemory> WriteAsync(CancellationToken token)
    {
        await using var file = new SavedWriter(parts.Saved.Create(Name));
        await file.BeginAsync(offer, token);
        await ReachAsync("save.Send", token);
        using var pump = CancellationTokenSource.CreateLinkedTokenSource(token);
        long length;
        try
        {
            _stream = await domain.Copy.SendAsync(new SendOptions { ToFile = true, DowntimeLimitMilliseconds = DowntimeLimitMilliseconds }, token);
            _pumping = Apart.RunAsync(() => PumpAsync(_stream, file, pump.Token));
            await UntilAsync(_ready.Task, token);
            await ReachAsync("save.Permit", token);
            await domain.Copy.PermitSwitchoverAsync(token);
            await UntilAsync(_held.Task, token);
            await _pumping;
            await ReachAsync("save.Keep", token);
            await Task.WhenAll(domain.Disks.Where(disk => !disk.ReadOnly).Select(disk => parts.Disks.FlushAsync(disk, token)));
            length = await Apart.RunAsync(() => file.KeepAsync(token));
        }
        finally
        {
            // Before the file is closed.
            pump.Cancel();
            await SuppressAsync(_pumping);
        }
        // It would be waited for, and the guest stands.
        await parts.Registry.ProbeAsync(token);
        token.ThrowIfCancellationRequested();
        if (_failure is not null)
            throw _failure;
        return new SavedMemory(offer.RelocationId, [domain.Record.Epoch], length, parts.Time.GetUtcNow(), domain.Record.RunState == RunState.Paused);
    }

    private async Task<bool> PumpAsync(Stream engine, SavedWriter file, CancellationToken token)
    {
        var block = ArrayPool<byte>.Shared.Rent(BlockLength);
        try
        {
            var (done, total) = (0L, domain.Record.Spec.MemoryMiB * (1L << 20));
            int read;
            while ((read = await engine.ReadAsync(block.AsMemory(0, BlockLength), token)) > 0)
            {
                await file.WriteAsync(block.AsMemory(0, read), token);
                done += read;
                progress.Report(new WorkProgress(done, Math.Max(done, total)));
            }
            return true;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(block);
        }
    }

    private async Task UntilAsync(Task told, CancellationToken token)
    {
        if (await Task.WhenAny(told, _pumping) == _pumping && _pumping.IsFaulted)
        {
            // An engine's broken stream is explained by a word of its own; what the file system refuses is told by the pump alone.
            await Task.WhenAny(told, Task.Delay(AskAgain, parts.Time, token));
            if (!told.IsCompleted)
                await _pumping;
        }
        await told.WaitAsync(token);
    }

    /// <summary>Gives up: the guest runs again if it did, and is paused if it was.</summary>
    private async Task GoOnAsync()
    {
        for (var attempt = 1; attempt <= ResumeAttempts; attempt++)
        {
            try
            {
                // An engine whose last bytes nobody takes waits for that alone, and hears nothing.
                if (_stream is not null)
                    await _stream.DisposeAsync();
                await domain.Copy.CancelSendAsync(CancellationToken.None);
                CopyPhase phase;
                while ((phase = (await domain.Copy.QueryAsync(CancellationToken.None)).Phase) == CopyPhase.SwitchingOver)
                    await Task.Delay(LookAgain, parts.Time);
                if (domain.Record.RunState == RunState.Running && phase is CopyPhase.Held or CopyPhase.Paused)
                    await domain.Copy.ContinueAsync(CancellationToken.None);
                return;
            }
            catch (Exception e)
            {
                // Also a driver's own limit. An engine that has ended says so by an event, which is followed once this has ended.
                Log.TryingAgain(_log, Name, "let it go on after it was not saved", e);
                await Task.Delay(AskAgain, parts.Time);
            }
        }
    }

    private Exception Explain(Exception e) => e is IOException && _failure is null
        ? new GodwitException("save-failed", $"{Name} was not saved, and goes on as it was: {e.Message}", $"See that {parts.Saved.Place} has room and its disk is sound.", e)
        : _failure ?? e;

    private void Fail(string reason)
    {
        _failure ??= new GodwitException("save-failed", $"{Name} was not saved: {reason}.", $"See `godwit info {Name}`.");
        foreach (var awaited in (TaskCompletionSource[])[_ready, _held])
        {
            if (awaited.TrySetException(_failure))
                _ = awaited.Task.Exception; // Perhaps nobody waits for it.
        }
    }

    private static async Task SuppressAsync(Task task) =>
        await task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);

    private ValueTask ReachAsync(string point, CancellationToken token) => parts.Failpoints?.ReachAsync(point, Name, token) ?? ValueTask.CompletedTask;
}
