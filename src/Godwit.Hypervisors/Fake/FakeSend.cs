using System.Diagnostics.CodeAnalysis;

namespace Godwit.Hypervisors.Fake;

/// <summary>
/// One attempt to send a copy.
/// <code>
///  round 1, 2, … ──little left──► waiting for permission ──permitted──► last round ──► state sent ──loaded──► held
///       │ cancelled, stream broken       │                                  │               │
///       └────────────────────────────────┴──────────────────────────────────┴───────────────┴──► failed: as before
/// </code>
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "The timer ends with the attempt; the stream is the daemon's.")]
internal sealed class FakeSend
{
    private const int SampleLength = 64;
    private static readonly TimeSpan FlushAgain = TimeSpan.FromMilliseconds(10);
    private readonly FakeProcess _process;
    private readonly FakePipe _pipe;
    private readonly ITimer _timer;
    private readonly bool _ran;
    private readonly bool _toFile;
    private readonly int _downtimeLimit;
    private readonly long _total;
    private readonly long _rate;
    private Action _next;
    private int _round;
    private long _remaining;
    private long _sent;
    private bool _waitsForPermission;
    private bool _stopped;
    private bool _held;

    public FakeSend(FakeProcess process, SendOptions options, bool ran)
    {
        (_process, _ran, _toFile, _downtimeLimit) = (process, ran, options.ToFile, options.DowntimeLimitMilliseconds);
        _total = _remaining = process.Order.Spec.MemoryMiB * (1L << 20);
        var line = process.Engine.Options.BytesPerSecond;
        _rate = options.MaxBytesPerSecond > 0 ? Math.Min(line, options.MaxBytesPerSecond) : line;
        _pipe = new FakePipe(Heard, StreamClosed);
        _next = BeginRound;
        _timer = process.Engine.Time.CreateTimer(static state => ((FakeSend)state!)._next(), this, TimeSpan.FromMilliseconds(1), Timeout.InfiniteTimeSpan);
        Active = true;
    }

    public Stream Stream => _pipe;

    public bool Active { get; private set; }

    /// <summary>
    /// As QEMU while it writes its last bytes into a stream that nobody reads: it takes no command until somebody does, or
    /// the stream is closed.
    /// </summary>
    public bool IsDeaf => Active && _stopped && !_waitsForPermission && !_held;

    public SendProgress Progress => new(
        _round, _sent, _remaining, _total, _ran ? _process.Engine.Options.DirtyBytesPerSecond : 0, _rate, (int)(1000 * _remaining / _rate));

    public void Permit()
    {
        if (!_waitsForPermission || !Active)
            throw new Domains.GodwitException("engine-failed", "the fake engine does not wait for permission to switch over");
        _waitsForPermission = false;
        After(TimeFor(_remaining), SendLastRound);
    }

    public void Cancel()
    {
        if (Active && !_held)
            Fail("cancelled");
    }

    /// <summary>The other end of the stream is gone.</summary>
    public void StreamClosed()
    {
        if (_held)
        {
            if (Active && !_process.Engine.Options.Holds)
                _process.ResumeByItself(_ran);
            Active = false;
        }
        else if (Active)
        {
            Fail("the stream broke");
        }
    }

    /// <summary>The process dies.</summary>
    public void Abandon()
    {
        Active = false;
        _timer.Dispose();
        _pipe.Break();
    }

    private DateTimeOffset Now => _process.Engine.Time.GetUtcNow();

    private TimeSpan TimeFor(long bytes) => TimeSpan.FromSeconds((double)bytes / _rate);

    private void After(TimeSpan delay, Action next)
    {
        _next = next;
        _timer.Change(delay, Timeout.InfiniteTimeSpan);
    }

    private void BeginRound()
    {
        if (!Active)
            return;
        _round++;
        _process.Raise(new CopyEvent.RoundBegan(Now, _round));
        _pipe.Say(FakeStreamFormat.Record(FakeStreamFormat.Memory, new byte[SampleLength]));
        After(TimeFor(_remaining), EndRound);
    }

    private void EndRound()
    {
        if (!Active)
            return;
        _sent += _remaining;
        var dirtied = _ran ? (long)(TimeFor(_remaining).TotalSeconds * _process.Engine.Options.DirtyBytesPerSecond) : 0;
        _remaining = Math.Min(_total, dirtied);
        if (TimeFor(_remaining).TotalMilliseconds > _downtimeLimit)
        {
            BeginRound();
            return;
        }
        if (_process.Phase is not (CopyPhase.Running or CopyPhase.Paused or CopyPhase.Loaded or CopyPhase.Prepared))
        {
            Fail($"the guest is {_process.Phase}");
            return;
        }
        _waitsForPermission = _stopped = true;
        _process.StopForSwitchover();
        // Whoever hears of the stop may already have ended the attempt.
        if (Active)
            _process.Raise(new CopyEvent.SwitchoverReady(Now));
    }

    private void SendLastRound()
    {
        if (!Active)
            return;
        if (_process.Engine.Flush?.Invoke(_process.Order) == false)
        {
            After(FlushAgain, SendLastRound);
            return;
        }
        _sent += _remaining;
        _remaining = 0;
        _pipe.Say(FakeStreamFormat.Record(FakeStreamFormat.Memory, new byte[SampleLength]));
        _process.Raise(new CopyEvent.MemorySent(Now));
        _pipe.Say(FakeStreamFormat.StateRecord(_process.Memory));
        if (_toFile)
            BecomeHeld();
    }

    // The receiver has one thing to say.
    private void Heard(ReadOnlyMemory<byte> bytes)
    {
        if (!Active || !_stopped || _held || bytes.Span[0] != FakeStreamFormat.Loaded)
            return;
        BecomeHeld();
    }

    private void BecomeHeld()
    {
        _held = true;
        _timer.Dispose();
        _process.Hold();
        _pipe.End();
        _process.Raise(new CopyEvent.Held(Now));
    }

    private void Fail(string reason)
    {
        Active = false;
        _timer.Dispose();
        _pipe.Break();
        if (_stopped)
            _process.ResumeByItself(_ran);
        _process.Raise(new CopyEvent.SendFailed(Now, reason));
    }
}
