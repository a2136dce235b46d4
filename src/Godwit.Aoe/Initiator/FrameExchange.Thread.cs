namespace Godwit.Aoe.Initiator;

/// <content>The threads that do it all: each waits for frames of its link, and one of them for the next time that something is due.</content>
internal sealed partial class FrameExchange
{
    /// <summary>Between two looks at the frames on their way: far less than any patience with them.</summary>
    private static readonly TimeSpan SweepInterval = TimeSpan.FromMilliseconds(2);

    private static readonly TimeSpan PruneInterval = TimeSpan.FromSeconds(1);

    private void Loop(LinkPort port)
    {
        List<IoRequest> completed = [];
        List<Action> deferred = [];
        var wait = 0;
        while (wait != Over)
        {
            try
            {
                port.Link.Receive(port.Incoming, wait);
            }
            catch (IOException e)
            {
                port.Incoming.Clear();
                lock (_gate) LoseLink(port, e);
            }
            lock (_gate)
            {
                var now = _time.GetTimestamp();
                for (var i = 0; i < port.Incoming.Count; i++) Take(port, port.Incoming[i], now);
                if (port.Failure is null) RenewLink(port, now);
                if (port == _keeper) Sweep(now);
                Pump();
                wait = NextWait(port);
                (_completed, completed) = (completed, _completed);
            }
            Complete(completed, deferred);
        }
        End();
    }

    private void End()
    {
        IOException? failure;
        lock (_gate)
        {
            if (--_running > 0) return;
            failure = _dead ? _ports[^1].Failure : null;
        }
        if (failure is null) _ended.SetResult();
        else _ended.SetException(failure);
    }

    // Parks only after an idle round, so that a caller with one request at a time need not wake the thread each time.
    private int NextWait(LinkPort port)
    {
        if (_over || port.Failure is not null) return Over;
        if (port != _keeper) return LookAgainMs;
        var idle = _inFlight == 0 && _lost.Count == 0 && _held.Count == 0 && _aside.Count == 0
            && _questions.Count == 0 && _urgent.Count == 0 && _pending.Count == 0;
        if (idle && _stopping)
        {
            _over = true;
            WakeAll();
            return Over;
        }
        if (!idle)
        {
            _idled = false;
            return (int)Math.Clamp(ShortestTimeout().TotalMilliseconds / 2, 5, 100);
        }
        if (!_idled)
        {
            _idled = true;
            return 50;
        }
        port.Parked = true;
        return LookAgainMs;
    }

    private TimeSpan ShortestTimeout()
    {
        var shortest = SilentAfter;
        foreach (var path in _paths)
        {
            if (path.InFlight > 0 && path.RoundTrip.Timeout(1) is var timeout && timeout < shortest) shortest = timeout;
        }
        return shortest;
    }

    private void WakeAll()
    {
        foreach (var port in _ports) port.Link.Wake();
    }

    // Frames that are too old are lost, requests that are too old have failed.
    private void Sweep(long now)
    {
        if (_time.GetElapsedTime(_sweptAt, now) < SweepInterval) return;
        _sweptAt = now;
        TendPaths(now);
        if (_copies.Any && _time.GetElapsedTime(_prunedAt, now) > PruneInterval)
        {
            _prunedAt = now;
            _copies.Prune(now);
        }
        foreach (var slot in _slots)
        {
            if (slot.Request is not { } request) continue;
            if (TooOld(request, now)) FailTooOld(request);
            else if (!slot.Lost && IsLate(slot, now)) Miss(slot);
        }
        while (_held.TryPeek(out var held) && (held.Request is null || !held.Lost)) _held.Dequeue();
        FailTooOld(_questions, now);
        FailTooOld(_urgent, now);
        FailTooOld(_pending, now);
        foreach (var request in _aside)
        {
            if (!request.Completed && TooOld(request, now)) FailTooOld(request);
        }
        foreach (var path in _paths)
        {
            if (!path.HasLost) continue;
            path.HasLost = false;
            path.Losses++;
            path.Window.Lost();
        }
    }

    private bool IsLate(FrameSlot slot, long now)
    {
        var patience = slot.Path!.RoundTrip.Timeout(slot.Tries);
        if (_syncing > 0 && patience < SyncPatience) patience = SyncPatience;
        return _time.GetElapsedTime(slot.SentAt, now) >= patience;
    }

    private void Miss(FrameSlot slot)
    {
        slot.Path!.HasLost = true;
        MarkLost(slot);
    }

    private bool TooOld(IoRequest request, long now) =>
        _time.GetElapsedTime(request.SubmittedAt, now) > (request.GiveUpAfter ?? _options.FailAfter)
        || (_stopping && request.Path is not null)
        || (_stopping && _time.GetElapsedTime(_stoppingSince, now) > StopPatience);

    private void FailTooOld(Queue<IoRequest> requests, long now)
    {
        foreach (var request in requests)
        {
            if (!request.Completed && TooOld(request, now)) FailTooOld(request);
        }
        // While no path is up nobody else takes them out, and whoever stops would wait for them.
        while (requests.TryPeek(out var first) && first.Completed) requests.Dequeue();
    }

    private void FailTooOld(IoRequest request) => Fail(request, TargetFailure.TimedOut,
        $"{_address}: no answer for {_time.GetElapsedTime(request.SubmittedAt).TotalSeconds:0.0} s");
}
