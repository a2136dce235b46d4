using Godwit.Aoe.Wire;
using Godwit.Domains;
using Godwit.Native.Packets;
using Microsoft.Extensions.Logging;

namespace Godwit.Aoe.Initiator;

/// <summary>
/// Sends requests as frames and matches the answers.
/// <code>
///   Submit ─► pending ─► slots in flight ─── answer ───► request complete
///                           │      ▲
///                      too old     │ as the window allows, before anything new
///                           ▼      │
///                          lost ───┘
/// </code>
/// A target that was started anew refuses frames with the mark of its earlier start. They are held back, with all that
/// comes after them, until <see cref="Resume"/> gives the new mark; urgent requests alone pass meanwhile, by which what
/// the target may have lost is written again. So neither a read nor a flush can miss an answered write.
/// <para>
/// Callers send from their own threads; one thread of its own takes answers and looks after the time.
/// </para>
/// </summary>
internal sealed partial class FrameExchange
{
    private const int BatchFrames = 64;

    /// <summary>In place of a time to wait: there is nothing more to wait for.</summary>
    private const int Over = int.MinValue;

    // While the target syncs it answers nobody; that is not loss.
    private static readonly TimeSpan SyncPatience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan SilentAfter = TimeSpan.FromSeconds(3);

    private readonly IFrameLink _link;
    private readonly AoeAddress _address;
    private readonly InitiatorOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;

    private readonly Lock _gate = new();
    private readonly FrameSlot[] _slots = new FrameSlot[FrameSlot.Count];
    private readonly Queue<FrameSlot> _free = new(FrameSlot.Count);
    private readonly Queue<FrameSlot> _lost = new();
    private readonly Queue<FrameSlot> _held = new();
    private readonly Queue<IoRequest> _urgent = new();
    private readonly Queue<IoRequest> _pending = new();
    private readonly UnflushedWrites _unflushed = new();
    private readonly List<IoRequest> _completed = [];
    private readonly PacketBatch _outgoing;
    private readonly PacketBatch _incoming;
    private readonly RoundTrip _roundTrip;
    private readonly SendWindow _window = new(1);
    private readonly TaskCompletionSource _found = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private MacAddress _target;
    private int _sectorsPerFrame;
    private int _session;
    private int _inFlight;
    private int _syncing;
    private long _retransmits;
    private long _heardAt;
    private long _servedAt;
    private bool _wrote;
    private long _stoppingSince;
    private byte _mark;
    private bool _suspended;
    private bool _keeping;
    private bool _idled;
    private bool _parked;
    private bool _stopping;
    private bool _dead;

    public FrameExchange(IFrameLink link, AoeAddress address, InitiatorOptions options, TimeProvider time, ILogger logger)
    {
        _link = link;
        _address = address;
        _options = options;
        _time = time;
        _logger = logger;
        _session = options.Session;
        _servedAt = time.GetTimestamp();
        _roundTrip = new RoundTrip(time);
        _outgoing = new PacketBatch(BatchFrames, AoeProtocol.FrameBytes(link.Mtu));
        _incoming = new PacketBatch(BatchFrames, AoeProtocol.FrameBytes(link.Mtu));
        // Answers to an earlier process should not be taken for ours.
        var generation = (uint)(time.GetTimestamp() ^ Environment.ProcessId);
        for (var i = 0; i < FrameSlot.Count; i++) _free.Enqueue(_slots[i] = new FrameSlot(i, generation));
        new Thread(Loop) { Name = $"aoe {address}", IsBackground = true }.Start();
    }

    public Task Ended => _ended.Task;

    /// <summary>Called once when the target turns out to have been started anew; <see cref="Resume"/> ends it.</summary>
    public Action? StartedAnew { get; set; }

    /// <summary>Called under the lock when there begin or cease to be writes that the target may lose.</summary>
    public Action<bool>? UnflushedChanged { get; set; }

    /// <summary>Asks for the target until it answers.</summary>
    public async Task FindTargetAsync(CancellationToken cancellationToken)
    {
        var wait = TimeSpan.FromMilliseconds(50);
        while (!_found.Task.IsCompleted)
        {
            AskWhere();
            await Task.WhenAny(_found.Task, _ended.Task, Task.Delay(wait, _time, cancellationToken)).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            if (_ended.Task.IsCompleted) await _ended.Task.ConfigureAwait(false);
            if (wait < TimeSpan.FromSeconds(1)) wait *= 2;
        }
    }

    public ValueTask Submit(IoRequest request)
    {
        bool wake;
        lock (_gate)
        {
            if (_dead || _stopping)
                return ValueTask.FromException(new TargetErrorException(TargetFailure.Detached, $"{_address}: detached"));
            request.SubmittedAt = _time.GetTimestamp();
            if (_inFlight == 0 && _lost.Count == 0) _heardAt = request.SubmittedAt;
            request.Covers = _unflushed.Last;
            (request.Urgent ? _urgent : _pending).Enqueue(request);
            Pump();
            wake = _parked;
            _parked = false;
        }
        if (wake) _link.Wake();
        return request.Task;
    }

    public void SetSession(int session)
    {
        lock (_gate)
        {
            if (_session == session) return;
            _session = session;
            _wrote = false;
            // They were another stay's: somebody else may have written since.
            Forget(_unflushed.Last);
            foreach (var slot in _slots)
            {
                if (slot.Request is null) continue;
                slot.Retag(session);
                MarkLost(slot);
            }
            Pump();
        }
    }

    /// <summary>Holds everything back, as a refusal of the target does.</summary>
    public void Suspend()
    {
        lock (_gate) SuspendLocked();
    }

    /// <summary>
    /// Whether answered writes are to be kept: from before the target is asked for a write cache, as it may use it at once.
    /// </summary>
    public bool Keeping
    {
        set
        {
            lock (_gate) _keeping = value;
        }
    }

    /// <param name="mark">The target's mark, which frames carry from now on; 0 for none.</param>
    public void Resume(byte mark)
    {
        lock (_gate)
        {
            _mark = mark;
            _suspended = false;
            while (_held.TryDequeue(out var slot)) _lost.Enqueue(slot);
            Pump();
        }
        _link.Wake();
    }

    /// <summary>What the target may have lost, oldest first.</summary>
    public UnflushedWrites.Kept[] ListUnflushed()
    {
        lock (_gate) return _unflushed.List();
    }

    public long UnflushedBytes => _unflushed.Bytes;

    /// <summary>What the target has let this session do, as its answers tell.</summary>
    public ServedStatus Served()
    {
        lock (_gate) return new ServedStatus(_session, _wrote, _time.GetElapsedTime(_servedAt));
    }

    public ExchangeStatus Status()
    {
        lock (_gate)
        {
            return new ExchangeStatus(_target, _sectorsPerFrame, _session, _window.Size, _inFlight + _lost.Count,
                _roundTrip.MeanMicroseconds, _retransmits, Answering());
        }
    }

    /// <summary>Lets requests end, and fails those that still have no answer when the patience for requests is over.</summary>
    public async Task StopAsync()
    {
        lock (_gate)
        {
            _stopping = true;
            _stoppingSince = _time.GetTimestamp();
        }
        _link.Wake();
        try
        {
            await _ended.Task.ConfigureAwait(false);
        }
        catch (IOException e)
        {
            LogInterfaceFailed(_logger, _address, e.Message);
        }
    }

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

    private void Take(ReadOnlySpan<byte> frame)
    {
        if (AoeHeader.TryRead(frame, out var header) != MalformedFrame.No
            || !header.IsResponse || header.Address != _address) return;
        if (header.Command == AoeCommand.QueryConfig)
        {
            TakeConfig(header, frame);
            return;
        }
        _heardAt = _time.GetTimestamp();
        var slot = _slots[FrameSlot.IndexOf(header.Tag)];
        if (header.Command != AoeCommand.Ata || slot.Request is not { } request || slot.Tag != header.Tag) return;
        if (header.Error != AoeError.None)
        {
            Fail(request, TargetFailure.AoeError, $"{_address}: the target answers {header.Error}");
            return;
        }
        if (AtaSection.TryRead(frame, out var ata) != MalformedFrame.No || ata.Lba != slot.Lba) return;
        if ((ata.Command & AtaStatus.AnyFailure) != 0)
        {
            if ((ata.Feature & AtaStatus.StartedAnew) != 0 && !request.Urgent && IsMarked(request))
            {
                MarkLost(slot);
                SuspendLocked();
                return;
            }
            Fail(request, (ata.Feature & AtaStatus.StartedAnew) != 0 ? TargetFailure.StartedAnew : TargetFailure.AtaError,
                $"{_address}: the target refuses command 0x{request.Command:x2} at sector {slot.Lba} (error 0x{ata.Feature:x2})");
            return;
        }
        if (request.Into.Length > 0)
        {
            var bytes = slot.Sectors * AoeProtocol.SectorBytes;
            if (frame.Length < AtaSection.DataAt + bytes) return;
            frame.Slice(AtaSection.DataAt, bytes).CopyTo(request.Into.Span[slot.At..]);
        }
        if (slot.Sampled && slot.Tries == 1 && _syncing == 0) _roundTrip.Add(slot.SentAt, _time.GetTimestamp());
        _window.Answered();
        NoteServed(request);
        if (request.Command == AtaCommand.WriteExt && _keeping && _mark != 0 && !request.Urgent) Keep(slot, request);
        Release(slot);
        if (--request.Outstanding != 0 || !request.AllIssued) return;
        if (request.IsFlush) Forget(request.Covers);
        MarkCompleted(request);
    }

    // Before the caller hears of its write, so that no flush of his can miss it; and frame by frame, for the target may
    // start anew in the middle of a request.
    private void Keep(FrameSlot slot, IoRequest request)
    {
        if (!_unflushed.Any) UnflushedChanged?.Invoke(true);
        _unflushed.Add(slot.Lba, request.From.Span.Slice(slot.At, slot.Sectors * AoeProtocol.SectorBytes));
    }

    private void Forget(long last)
    {
        if (!_unflushed.Any) return;
        _unflushed.Flushed(last);
        if (!_unflushed.Any) UnflushedChanged?.Invoke(false);
    }

    private void SuspendLocked()
    {
        if (_suspended || _dead) return;
        _suspended = true;
        StartedAnew?.Invoke();
    }

    private static bool IsMarked(IoRequest request) =>
        request.Command is AtaCommand.ReadExt or AtaCommand.WriteExt or AtaCommand.FlushCache;

    // A fence lets nobody but the session's holder have these; IDENTIFY is answered to all.
    private void NoteServed(IoRequest request)
    {
        if (request.Command == AtaCommand.Identify) return;
        _servedAt = _time.GetTimestamp();
        _wrote |= request.Command == AtaCommand.WriteExt;
    }

    private void TakeConfig(in AoeHeader header, ReadOnlySpan<byte> frame)
    {
        if (header.Error != AoeError.None || ConfigSection.TryRead(frame, out var config) != MalformedFrame.No) return;
        // Any number of answers may come, also unasked; a target that answers is not traded for another.
        if (_found.Task.IsCompleted && Answering()) return;
        _target = header.Source;
        var theirs = config.SectorsPerFrame == 0 ? 2 : config.SectorsPerFrame;
        _sectorsPerFrame = Math.Min(theirs, AoeProtocol.SectorsPerFrame(_link.Mtu));
        _window.SetLimit(Math.Min(Math.Max((int)config.BufferCount, 1), Math.Min(_options.WindowLimit, FrameSlot.Count / 2)));
        _found.TrySetResult();
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

    // Sends as much as the window allows: what was lost before what is new.
    private void Pump()
    {
        while (_inFlight < _window.Size)
        {
            if (_lost.TryDequeue(out var slot))
            {
                if (slot.Request is null || !slot.Lost) continue;
                if (_suspended && !slot.Request.Urgent)
                {
                    _held.Enqueue(slot);
                    continue;
                }
                _retransmits++;
            }
            else if ((slot = IssueNext(_urgent, held: false) ?? IssueNext(_pending, held: _suspended)) is null)
            {
                break;
            }
            Send(slot);
        }
        Post();
    }

    private FrameSlot? IssueNext(Queue<IoRequest> waiting, bool held)
    {
        while (waiting.TryPeek(out var request))
        {
            if (request.Completed)
            {
                waiting.Dequeue();
                continue;
            }
            if (held) break;
            var slot = Issue(request);
            if (request.AllIssued) waiting.Dequeue();
            return slot;
        }
        return null;
    }

    private FrameSlot Issue(IoRequest request)
    {
        var slot = _free.Dequeue();
        var sectors = Math.Min(request.Sectors - request.Issued, _sectorsPerFrame);
        slot.Take(_session, request, request.FirstSector + request.Issued, sectors, request.Issued * AoeProtocol.SectorBytes);
        request.Issued += sectors;
        request.Outstanding++;
        request.AllIssued = request.Issued == request.Sectors;
        if (request.IsFlush) _syncing++;
        return slot;
    }

    private void Send(FrameSlot slot)
    {
        var request = slot.Request!;
        var frame = _outgoing.Next;
        AoeHeader.Request(_target, _link.Address, _address, AoeCommand.Ata, slot.Tag).Write(frame);
        var length = AtaSection.DataAt;
        var flags = request.Command is AtaCommand.ReadExt or AtaCommand.WriteExt ? AtaFlags.Extended : AtaFlags.None;
        if (request.From.Length > 0)
        {
            var bytes = slot.Sectors * AoeProtocol.SectorBytes;
            request.From.Span.Slice(slot.At, bytes).CopyTo(frame[AtaSection.DataAt..]);
            length += bytes;
            flags |= AtaFlags.Write;
        }
        new AtaSection
        {
            Flags = flags,
            Feature = IsMarked(request) && !request.Urgent ? _mark : request.Feature,
            SectorCount = (byte)slot.Sectors,
            Command = request.Command,
            Lba = slot.Lba,
        }.Write(frame);
        _outgoing.Add(length);
        slot.Lost = false;
        slot.Tries++;
        slot.Sampled = _syncing == 0;
        slot.SentAt = _time.GetTimestamp();
        _inFlight++;
        if (_outgoing.IsFull) Post();
    }

    private void Post()
    {
        if (_outgoing.Count == 0) return;
        _link.Send(_outgoing);
        _outgoing.Clear();
    }

    private void AskWhere()
    {
        lock (_gate) AskWhereLocked();
    }

    private void AskWhereLocked()
    {
        var frame = _outgoing.Next;
        frame[..ConfigSection.StringAt].Clear();
        AoeHeader.Request(new MacAddress(0xFFFF_FFFF_FFFF), _link.Address, _address, AoeCommand.QueryConfig,
            new FrameTag(_session, 0).Value).Write(frame);
        default(ConfigSection).Write(frame);
        _outgoing.Add(ConfigSection.StringAt);
        Post();
    }

    private void MarkLost(FrameSlot slot)
    {
        if (slot.Lost) return;
        slot.Lost = true;
        _inFlight--;
        _lost.Enqueue(slot);
    }

    private void Release(FrameSlot slot)
    {
        if (!slot.Lost) _inFlight--;
        if (slot.Request!.IsFlush) _syncing--;
        slot.Free();
        _free.Enqueue(slot);
    }

    // The request's other frames are given up; their answers find nothing.
    private void Fail(IoRequest request, TargetFailure failure, string message)
    {
        foreach (var slot in _slots)
        {
            if (slot.Request == request) Release(slot);
        }
        request.Error = new TargetErrorException(failure, message);
        MarkCompleted(request);
    }

    private void Die(string reason)
    {
        _dead = true;
        foreach (var slot in _slots)
        {
            if (slot.Request is { } request) Fail(request, TargetFailure.Detached, $"{_address}: {reason}");
        }
        while (_urgent.TryDequeue(out var request) || _pending.TryDequeue(out request))
        {
            if (!request.Completed) Fail(request, TargetFailure.Detached, $"{_address}: {reason}");
        }
    }

    private void MarkCompleted(IoRequest request)
    {
        request.Completed = true;
        _completed.Add(request);
    }

    // Outside of the lock: the awaiting code runs here and may submit the next request.
    private void Complete()
    {
        foreach (var request in _completed) request.Finish();
        _completed.Clear();
    }

    [LoggerMessage(EventId = 1211, Level = LogLevel.Error, Message = "{Device}: the network interface failed: {Reason}")]
    private static partial void LogInterfaceFailed(ILogger logger, AoeAddress device, string reason);
}

/// <summary>What the exchange says of itself.</summary>
internal readonly record struct ExchangeStatus(
    MacAddress Target, int SectorsPerFrame, int Session, int Window, int InFlight, long RttMicroseconds, long Retransmits,
    bool Answering);

/// <param name="Session">The session that frames carry.</param>
/// <param name="Wrote">Whether a write under it was answered well: it was the writer's.</param>
/// <param name="Ago">Time since a frame was answered that only an admitted session is served.</param>
internal readonly record struct ServedStatus(int Session, bool Wrote, TimeSpan Ago);
