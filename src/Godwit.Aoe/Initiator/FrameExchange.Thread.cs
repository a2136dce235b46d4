namespace Godwit.Aoe.Initiator;

/// <content>The thread that does it all: it waits for frames and for the next time that something is due.</content>
internal sealed partial class FrameExchange
{
    private void Loop()
    {
        try
        {
            var wait = 0;
            while (wait != Over)
            {
                _link.Receive(_incoming, wait);
                lock (_gate)
                {
                    for (var i = 0; i < _incoming.Count; i++) Take(_incoming[i]);
                    Sweep();
                    Pump();
                    wait = NextWait();
                }
                Complete();
            }
            _ended.SetResult();
        }
        catch (IOException e)
        {
            lock (_gate) Die(e.Message);
            Complete();
            _ended.SetException(e);
        }
    }

    // Parks only after an idle round, so that a caller with one request at a time need not wake the thread each time.
    private int NextWait()
    {
        var idle = _inFlight == 0 && _lost.Count == 0 && _held.Count == 0 && _urgent.Count == 0 && _pending.Count == 0;
        if (idle && _stopping) return Over;
        if (!idle)
        {
            _idled = false;
            return (int)Math.Clamp(_roundTrip.Timeout(1).TotalMilliseconds / 2, 5, 100);
        }
        if (!_idled)
        {
            _idled = true;
            return 50;
        }
        _parked = true;
        return Timeout.Infinite;
    }

    // Silence counts only while something waits for an answer.
    private bool Answering() =>
        (_inFlight == 0 && _lost.Count == 0) || _time.GetElapsedTime(_heardAt) <= SilentAfter;

    // Frames that are too old are lost, requests that are too old have failed.
    private void Sweep()
    {
        if (_inFlight == 0 && _lost.Count == 0 && _held.Count == 0 && _pending.Count == 0) return;
        var now = _time.GetTimestamp();
        var lost = false;
        foreach (var slot in _slots)
        {
            if (slot.Request is not { } request) continue;
            if (TooOld(request, now))
            {
                FailTooOld(request);
                continue;
            }
            if (slot.Lost) continue;
            var patience = _roundTrip.Timeout(slot.Tries);
            if (_syncing > 0 && patience < SyncPatience) patience = SyncPatience;
            if (_time.GetElapsedTime(slot.SentAt, now) < patience) continue;
            MarkLost(slot);
            lost = true;
        }
        foreach (var request in _urgent.Concat(_pending))
        {
            if (!request.Completed && TooOld(request, now)) FailTooOld(request);
        }
        if (!lost) return;
        _window.Lost();
        if (!Answering()) AskWhereLocked();
    }

    private bool TooOld(IoRequest request, long now) =>
        _time.GetElapsedTime(request.SubmittedAt, now) > _options.FailAfter
        || (_stopping && _time.GetElapsedTime(_stoppingSince, now) > StopPatience);

    private void FailTooOld(IoRequest request) => Fail(request, TargetFailure.TimedOut,
        $"{_address}: no answer for {_time.GetElapsedTime(request.SubmittedAt).TotalSeconds:0.0} s");
}
