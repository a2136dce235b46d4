using Godwit.Aoe.Wire;
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
/// Frames go over all paths that are up (<see cref="FramePath"/>), each with a window of its own. One that is lost is sent
/// again on another, where there is one.
/// </para>
/// <para>
/// Callers send from their own threads; one thread a link takes answers, and one of these looks after the time.
/// </para>
/// </summary>
internal sealed partial class FrameExchange
{
    /// <summary>In place of a time to wait: there is nothing more to wait for.</summary>
    private const int Over = int.MinValue;

    // While the target syncs it answers nobody; that is not loss.
    private static readonly TimeSpan SyncPatience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan SilentAfter = TimeSpan.FromSeconds(3);

    private readonly LinkPort[] _ports;
    private readonly AoeAddress _address;
    private readonly InitiatorOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;

    private readonly Lock _gate = new();
    private readonly FrameSlot[] _slots = new FrameSlot[FrameSlot.Count];
    private readonly Queue<FrameSlot> _free = new(FrameSlot.Count);
    private readonly Queue<FrameSlot> _lost = new();
    private readonly Queue<FrameSlot> _held = new();
    private readonly Queue<IoRequest> _questions = new();
    private readonly Queue<IoRequest> _urgent = new();
    private readonly Queue<IoRequest> _pending = new();
    private readonly UnflushedWrites _unflushed = new();
    private readonly List<IoRequest> _aside = [];
    private readonly UnansweredCopies _copies;
    private readonly TaskCompletionSource _found = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private List<IoRequest> _completed = [];
    private LinkPort _keeper;
    private FramePath[] _paths = [];
    private int _turn;
    private int _era;
    private int _running;
    private int _sectorsPerFrame;
    private int _session;
    private int _tagSession;
    private bool _knowsTags;
    private int _inFlight;
    private int _syncing;
    private long _servedAt;
    private long _sweptAt;
    private long _prunedAt;
    private long _askedAt;
    private bool _wrote;
    private long _stoppingSince;
    private byte _mark;
    private bool _suspended;
    private bool _keeping;
    private bool _idled;
    private bool _stopping;
    private bool _over;
    private bool _dead;

    public FrameExchange(IReadOnlyList<IFrameLink> links, AoeAddress address, InitiatorOptions options, TimeProvider time, ILogger logger)
    {
        _address = address;
        _options = options;
        _time = time;
        _logger = logger;
        _session = _tagSession = options.Session;
        _servedAt = _askedAt = time.GetTimestamp();
        _copies = new UnansweredCopies(time, options.CopyLifetime);
        // Answers to an earlier process should not be taken for ours.
        var generation = (uint)(time.GetTimestamp() ^ Environment.ProcessId);
        for (var i = 0; i < FrameSlot.Count; i++) _free.Enqueue(_slots[i] = new FrameSlot(i, generation));
        _ports = [.. links.Select(link => new LinkPort(link))];
        _keeper = _ports[0];
        _running = _ports.Length;
        foreach (var port in _ports)
            new Thread(() => Loop(port)) { Name = $"aoe {address} on {port.Link.Name}", IsBackground = true }.Start();
    }

    public Task Ended => _ended.Task;

    /// <summary>Called once when the target turns out to have been started anew; <see cref="Resume"/> ends it.</summary>
    public Action? StartedAnew { get; set; }

    /// <summary>Called under the lock when a path is to be asked who is at its end; <see cref="Probed"/> ends it.</summary>
    public Action<FramePath>? ProbeWanted { get; set; }

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
            request.Covers = _unflushed.Last;
            (request.Path is not null ? _questions : request.Urgent ? _urgent : _pending).Enqueue(request);
            if (t_gathering == this) return request.Task;
            Pump();
            wake = Unpark();
        }
        if (wake) _keeper.Link.Wake();
        return request.Task;
    }

    public void SetSession(int session)
    {
        lock (_gate)
        {
            if (_session == session) return;
            _session = _tagSession = session;
            _wrote = false;
            // The target knows the other paths by the old session.
            RelyOnLocked(_paths.FirstOrDefault(path => path.State == PathState.Up));
            // They were another stay's: somebody else may have written since.
            Forget(_unflushed.Last);
            // A fence refuses what still comes under the old session.
            foreach (var slot in _slots)
            {
                if (slot.Request is { Path: null }) Reissue(slot);
            }
            Pump();
        }
    }

    /// <summary>
    /// A session of our own choice, for a target that gives none: with it in the tags, it can tell this process from others that
    /// send from the same address.
    /// </summary>
    public void DrawSession()
    {
        lock (_gate) (_tagSession, _knowsTags) = (1 + Random.Shared.Next(FrameTag.LastSession), true);
    }

    /// <summary>Whether the target executes a tag of a session once only. Where it does not, writes of the same sectors go one after another.</summary>
    public bool KnowsTags
    {
        set
        {
            lock (_gate) _knowsTags = value && _tagSession != 0;
        }
    }

    /// <summary>Holds everything back, as a refusal of the target does.</summary>
    /// <param name="by">The path that told of it.</param>
    public void Suspend(FramePath? by)
    {
        lock (_gate) SuspendLocked(by);
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
            // What was on its way to the target of before is refused by its mark, and an answer of that one proves nothing of this one.
            foreach (var slot in _slots)
            {
                if (slot.Request is { Path: null, Urgent: false }) Reissue(slot);
            }
            while (_held.TryDequeue(out var slot)) _lost.Enqueue(slot);
            foreach (var path in _paths)
            {
                if (path.State == PathState.Unproven) ProbeLocked(path, _time.GetTimestamp());
            }
            Pump();
        }
        _keeper.Link.Wake();
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

    /// <summary>Lets requests end, and fails those that still have no answer when the patience for requests is over.</summary>
    public async Task StopAsync()
    {
        lock (_gate)
        {
            _stopping = true;
            _stoppingSince = _time.GetTimestamp();
        }
        WakeAll();
        try
        {
            await _ended.Task.ConfigureAwait(false);
        }
        catch (IOException e)
        {
            LogEnded(_logger, _address, e.Message);
        }
    }

    // Sent again under a tag of its own, so that answers to what was sent before find nothing.
    private void Reissue(FrameSlot slot)
    {
        if (!_knowsTags) GiveUpCopies(slot);
        slot.Retag(_tagSession);
        MarkLost(slot);
    }

    // The request's other frames are given up; their answers find nothing.
    private void Fail(IoRequest request, TargetFailure failure, string message)
    {
        foreach (var slot in _slots)
        {
            if (slot.Request != request) continue;
            GiveUpCopies(slot);
            Release(slot);
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
        foreach (var request in _aside) _pending.Enqueue(request);
        _aside.Clear();
        while (_questions.TryDequeue(out var request) || _urgent.TryDequeue(out request) || _pending.TryDequeue(out request))
        {
            if (!request.Completed) Fail(request, TargetFailure.Detached, $"{_address}: {reason}");
        }
    }

    private void MarkCompleted(IoRequest request)
    {
        request.Completed = true;
        _completed.Add(request);
    }

    [LoggerMessage(EventId = 1212, Level = LogLevel.Error, Message = "{Device}: no network interface is left: {Reason}")]
    private static partial void LogEnded(ILogger logger, AoeAddress device, string reason);
}

/// <param name="Session">The session that frames carry.</param>
/// <param name="Wrote">Whether a write under it was answered well: it was the writer's.</param>
/// <param name="Ago">Time since a frame was answered that only an admitted session is served.</param>
internal readonly record struct ServedStatus(int Session, bool Wrote, TimeSpan Ago);
