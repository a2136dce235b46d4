using System.Collections.Concurrent;
using Godwit.Aoe.Control;
using Godwit.Aoe.Wire;
using Godwit.Native.Packets;
using Microsoft.Extensions.Logging;

namespace Godwit.Aoe.Target;

/// <summary>
/// The exports of one interface, and the one thread that does all their work: it takes a batch of frames, executes
/// them, syncs what has to be durable, answers, and then does what others asked of it by <see cref="RunAsync{T}"/>. So
/// whatever is asked there happens between frames, never beside one: after a fence has been answered, no frame of the
/// former writer is under way in here, and those that still come are judged by the new state.
/// </summary>
public sealed partial class AoeTarget
{
    private const int BatchFrames = 64;
    private readonly IFrameLink _link;
    private readonly Dictionary<AoeAddress, Export> _exports;
    private readonly ILogger _logger;
    private readonly PacketBatch _requests;
    private readonly PacketBatch _answers;
    private readonly ConcurrentQueue<Action> _asked = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Thread? _thread;
    private volatile bool _stopping;

    public AoeTarget(IFrameLink link, IEnumerable<Export> exports, ILogger logger)
    {
        _link = link;
        _exports = exports.ToDictionary(e => e.Settings.Address);
        _logger = logger;
        // An answer may be longer than an interface of small frames carries: a configuration string, a full list.
        var room = Math.Max(AoeProtocol.FrameBytes(link.Mtu), MaskSection.DirectivesAt + MaskSection.Longest * MaskSection.DirectiveBytes);
        _requests = new PacketBatch(BatchFrames, room);
        _answers = new PacketBatch(BatchFrames, room);
    }

    public IReadOnlyCollection<Export> Exports => _exports.Values;

    /// <summary>Ends when the target has stopped; fails when the interface did.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Frames that were no AoE requests.</summary>
    public long Malformed { get; private set; }

    public void Start()
    {
        _thread = new Thread(Loop) { Name = "aoe target", IsBackground = true };
        _thread.Start();
    }

    /// <summary>Runs something on the target's thread, between frames.</summary>
    /// <exception cref="AoeControlException">The target has stopped.</exception>
    public async Task<T> RunAsync<T>(Func<T> function)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        _asked.Enqueue(() =>
        {
            try
            {
                done.SetResult(function());
            }
            catch (Exception e)
            {
                done.SetException(e);
            }
        });
        _link.Wake();
        await Task.WhenAny(done.Task, _ended.Task).ConfigureAwait(false);
        if (!done.Task.IsCompleted)
            throw new AoeControlException(AoeControlCode.NotRunning, "The target is ending.");
        return await done.Task.ConfigureAwait(false);
    }

    /// <summary>Executes what has come in, syncs what was written, and ends.</summary>
    public async Task StopAsync()
    {
        _stopping = true;
        _link.Wake();
        await _ended.Task.ConfigureAwait(false);
    }

    /// <summary>One turn of the thread: for tests that have no need of one.</summary>
    internal void Step(int timeoutMs)
    {
        _link.Receive(_requests, timeoutMs);
        _answers.Clear();
        for (var i = 0; i < _requests.Count; i++) Dispatch(_requests[i]);
        Answer();
        while (_asked.TryDequeue(out var asked)) asked();
    }

    private void Loop()
    {
        try
        {
            _answers.Clear();
            foreach (var export in _exports.Values)
            {
                if (_answers.IsFull) Answer();
                export.Announce(_answers, _link);
            }
            Answer();
            while (!_stopping) Step(Timeout.Infinite);
            // What the kernel had queued before the end is executed too.
            Step(0);
            foreach (var export in _exports.Values) export.Sync();
            _ended.SetResult();
        }
        catch (IOException e)
        {
            LogInterfaceFailed(_logger, _link.Name, e.Message);
            _ended.SetException(e);
        }
    }

    private void Dispatch(ReadOnlySpan<byte> frame)
    {
        if (AoeHeader.TryRead(frame, out var header) != MalformedFrame.No || header.IsResponse)
        {
            Malformed++;
            return;
        }
        if (_exports.TryGetValue(header.Address, out var export))
        {
            Handle(export, header, frame);
            return;
        }
        if (header.Address is not ({ Shelf: AoeAddress.AnyShelf } or { Slot: AoeAddress.AnySlot })) return;
        foreach (var one in _exports.Values)
        {
            if (one.Settings.Address.IsMeantBy(header.Address)) Handle(one, header, frame);
        }
    }

    private void Handle(Export export, in AoeHeader header, ReadOnlySpan<byte> frame)
    {
        if (_answers.IsFull) Answer();
        export.Handle(header, frame, _answers, _link);
    }

    private void Answer()
    {
        if (_answers.Count == 0) return;
        foreach (var export in _exports.Values) export.Commit(_answers);
        _link.Send(_answers);
        _answers.Clear();
    }

    [LoggerMessage(EventId = 1131, Level = LogLevel.Critical, Message = "Interface {Interface} failed: {Reason}")]
    private static partial void LogInterfaceFailed(ILogger logger, string @interface, string reason);
}
