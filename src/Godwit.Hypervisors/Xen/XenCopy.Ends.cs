using Godwit.Domains;
using Godwit.Hypervisors.Xen.Toolstack;

namespace Godwit.Hypervisors.Xen;

/// <content>The end of its guest, of which Xen tells, and what follows it here.</content>
internal sealed partial class XenCopy
{
    private static readonly TimeSpan WatchAgain = TimeSpan.FromSeconds(2);

    // Its end would not be heard of otherwise: what fails is done again.
    private async Task WatchAsync()
    {
        try
        {
            while (true)
            {
                try
                {
                    await FollowEndsAsync();
                    Log.WatchEnded(_parts.Log, Name);
                }
                catch (Exception e) when (e is GodwitException or IOException)
                {
                    Log.Failed(_parts.Log, Name, "watching it", e);
                }
                await Task.Delay(WatchAgain, _parts.Time, _letGo.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // The copy goes on without us.
        }
    }

    // A watch tells once at its begin: what has ended before is seen then.
    private async Task FollowEndsAsync()
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
                case ShutdownReason.Reboot when Restarts(domain):
                    await RestartAsync(domain!);
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
