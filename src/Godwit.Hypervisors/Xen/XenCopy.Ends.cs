using Godwit.Domains;
using Godwit.Hypervisors.Xen.Toolstack;

namespace Godwit.Hypervisors.Xen;

/// <content>The end of its guest, of which Xen tells, and what follows it here.</content>
internal sealed partial class XenCopy
{
    private async Task WatchAsync()
    {
        try
        {
            if (_directory.DomainId is null && await FindAsync(_letGo.Token) is { } arrived)
            {
                _directory.DomainId = arrived.Id;
                _console.Follow(arrived.Id);
            }
            await using var ends = await _parts.Store.WatchAsync(EndOfDomains, _letGo.Token);
            while (await ends.Paths.WaitToReadAsync(_letGo.Token))
            {
                while (ends.Paths.TryRead(out _))
                {
                    // One look is enough for all of them.
                }
                // A guest that is suspended looks as if it ended; and each look costs time of the stop.
                if (_outgoing is not { IsUnderWay: true }) await LookAsync(_letGo.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // The copy goes on without us.
        }
        catch (GodwitException e)
        {
            Log.Failed(_parts.Log, Name, "watching it", e);
        }
    }

    private async Task LookAsync(CancellationToken cancellationToken)
    {
        await _ending.WaitAsync(cancellationToken);
        try
        {
            if (_destroyed) return;
            var domain = await FindAsync(cancellationToken);
            var now = _parts.Time.GetUtcNow();
            switch (domain?.Shutdown)
            {
                case null when domain is null:
                    await ExitAsync("its domain is gone");
                    break;
                case ShutdownReason.Reboot when Order.Spec.OnReboot == LifecycleAction.Restart:
                    await RestartAsync(domain!, cancellationToken);
                    break;
                case { } reason when reason != ShutdownReason.Suspend && !_endTold:
                    _endTold = true;
                    Post(reason switch
                    {
                        ShutdownReason.Reboot => new CopyEvent.GuestRebooted(now),
                        ShutdownReason.Crash or ShutdownReason.Watchdog => new CopyEvent.GuestPanicked(now),
                        _ => new CopyEvent.GuestPoweredOff(now),
                    });
                    break;
                default:
                    break;
            }
        }
        finally
        {
            _ending.Release();
        }
    }

    // Xen has ended the domain for good; a guest that restarts gets another one, of the same make.
    private async Task RestartAsync(XlDomain old, CancellationToken cancellationToken)
    {
        try
        {
            await Xl.DestroyAsync(old.Id, cancellationToken);
            await Xl.CreateAsync(_directory.Config, cancellationToken);
            var next = (await Xl.ListAsync(cancellationToken)).First(domain => domain.Name == Name && domain.Id != old.Id);
            _directory.DomainId = next.Id;
            _console.Follow(next.Id);
            await Xl.UnpauseAsync(next.Id, cancellationToken);
            Post(new CopyEvent.GuestRebooted(_parts.Time.GetUtcNow()));
        }
        catch (Exception e) when (e is GodwitException or InvalidOperationException)
        {
            Log.Failed(_parts.Log, Name, "restarting it", e);
            await ExitAsync($"it does not restart: {e.Message}");
        }
    }

    private async Task ExitAsync(string reason)
    {
        if (Interlocked.Exchange(ref _exited, 1) != 0) return;
        _endTold = true;
        Log.Exited(_parts.Log, Name, reason);
        await _console.DisposeAsync();
        var now = _parts.Time.GetUtcNow();
        if (IsReceiver) Post(new CopyEvent.ReceiveFailed(now, reason));
        Post(new CopyEvent.Exited(now, reason));
        _events.Writer.TryComplete();
    }

    // What ended while it moved was not looked at.
    private void PostOfMove(CopyEvent @event)
    {
        Post(@event);
        if (@event is CopyEvent.SendFailed) _ = LookAfterMoveAsync();
    }

    private async Task LookAfterMoveAsync()
    {
        try
        {
            await LookAsync(_letGo.Token);
        }
        catch (Exception e) when (e is GodwitException or OperationCanceledException or ObjectDisposedException)
        {
            // The next end of a domain has it looked at again.
        }
    }
}
