using System.Globalization;
using Godwit.Domains;
using Godwit.Hypervisors.Xen.Toolstack;
using Godwit.Native;
using Godwit.Native.Files;
using Godwit.Native.Processes;
using Microsoft.Extensions.Logging;

namespace Godwit.Hypervisors.Xen.Migration;

/// <summary>
/// One move of a copy away from here. <c>xl migrate</c> sends into the pipes of a script that does nothing but keep them
/// open (Scripts/hold); this daemon reads and writes the same pipes.
/// <code>
///  pre-copy ──memory has passed──► suspended ──permitted──► the rest ──receiver is ready──► held
///     │                          (paused by us)                                               │
///     └── xl ends, the line to the receiver breaks, cancel: xl resumes the guest itself       ▼
///                                             it stays: xl waits for a word that it is never given, and would it resume
///                                             the guest (its holder has died), the pause count of ours keeps it where it is
/// </code>
/// </summary>
internal sealed class OutgoingMove : IAsyncDisposable
{
    private const int PipeBytes = 1 << 20;
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(20), Watch = TimeSpan.FromMilliseconds(100);

    private readonly XenRunDirectory _directory;
    private readonly Xl _xl;
    private readonly XenStore _store;
    private readonly int _domain;
    private readonly string _name;
    private readonly Action<CopyEvent> _post;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly TimeSpan _limit;
    private readonly bool _toFile;
    private readonly CancellationTokenSource _end = new();
    private readonly TaskCompletionSource _permitted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _changing = new();
    private readonly XenStreamParser _parser = new();
    private readonly ReceiverWords _words = new();
    private DescriptorStream? _line, _from, _to;
    private RunningProcess? _process;
    private Task _watching = Task.CompletedTask;
    private Task? _pausing;
    private bool _suspended, _memorySent, _over, _ended;
    private DateTimeOffset? _stopped;
    private int _round;
    private long _bytes;

    private OutgoingMove(XenRunDirectory directory, XenParts parts, int domain, string name, Action<CopyEvent> post, bool toFile = false) =>
        (_directory, _xl, _store, _time, _log, _limit, _domain, _name, _post, _toFile) =
            (directory, parts.Xl, parts.Store, parts.Time, parts.Log, parts.Options.StepLimit, domain, name, post, toFile);

    /// <summary>Suspended, and neither held nor resumed.</summary>
    public bool IsSwitchingOver => _suspended && !_over && !_directory.IsHeld;

    /// <summary>It has neither failed nor been given up: a guest that is shut down is suspended.</summary>
    public bool IsUnderWay => !_over;

    public int Round => _parser.Round;

    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>Of records of pages.</summary>
    public long MemoryBytes => _parser.MemoryBytes;

    /// <summary>Begins: xl waits for the receiver's first word. Of a move to a file that word is said here, there being no receiver.</summary>
    /// <exception cref="GodwitException">xl does not begin.</exception>
    public static async Task<OutgoingMove> StartAsync(
        XenRunDirectory directory, XenParts parts, int domain, string name, Action<CopyEvent> post, bool toFile, CancellationToken cancellationToken)
    {
        var move = new OutgoingMove(directory, parts, domain, name, post, toFile);
        try
        {
            await move.BeginAsync(parts.Scripts, cancellationToken);
            return move;
        }
        catch
        {
            await move.DisposeAsync();
            await move.EndProcessesAsync();
            throw;
        }
    }

    /// <summary>One that an earlier daemon began, and of which marks are left.</summary>
    public static OutgoingMove Find(XenRunDirectory directory, XenParts parts, int domain, string name, Action<CopyEvent> post)
    {
        var move = new OutgoingMove(directory, parts, domain, name, post) { _suspended = true };
        // Its holder waits for that.
        if (File.Exists(directory.Line)) move._line = DescriptorStream.OpenBoth(directory.Line);
        move._process = directory.FindProcess("xl");
        return move;
    }

    public Stream OpenStream() => new MoveStream(ReadAsync, WriteAsync, CloseStreamAsync);

    public void Permit() => _permitted.TrySetResult();

    /// <summary>Ends it unless it is held; the guest runs again when this returns, if it did before.</summary>
    public async Task CancelAsync(CancellationToken cancellationToken)
    {
        if (_directory.IsHeld) return;
        lock (_changing) _over = true;
        await GiveBackAsync(cancellationToken);
        await EndedAsync("it was cancelled");
    }

    /// <summary>
    /// Gives a held or suspended guest back to xl, which resumes it: our pause count goes first, so that it runs from that moment.
    /// </summary>
    public Task ReleaseAsync(CancellationToken cancellationToken)
    {
        // Whoever releases it tells of it.
        lock (_changing) _ended = _over = true;
        return GiveBackAsync(cancellationToken);
    }

    /// <summary>Lets go of it: processes and marks stay.</summary>
    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await SuppressAsync(_watching);
        await CloseStreamAsync();
        if (_line is not null) await _line.DisposeAsync();
        _end.Dispose();
    }

    /// <summary>Ends xl before its holder, so that it resumes nothing.</summary>
    private async Task EndProcessesAsync()
    {
        if (_process is { } xl) await xl.EndAsync();
        _directory.FindProcess("holder")?.Kill();
    }

    private async Task BeginAsync(HotplugScripts scripts, CancellationToken cancellationToken)
    {
        _directory.ClearMove();
        NamedPipe.Make(_directory.Line);
        _line = DescriptorStream.OpenBoth(_directory.Line);
        var command = ProgramRunner.Quote([scripts.Hold, _directory.Path, _domain.ToString(CultureInfo.InvariantCulture), _xl.Program]);
        var process = DetachedProcess.Start([_xl.Program, "migrate", "-e", "-s", "", _name, "exec " + command], _directory.XlLog, []);
        _process = process;
        _directory.SaveProcess("xl", process);
        var began = _time.GetTimestamp();
        RunningProcess? holder;
        while ((holder = _directory.FindProcess("holder")) is null)
        {
            if (process.HasExited() || _time.GetElapsedTime(began) > _limit)
                throw new GodwitException("engine-failed", $"Xen does not begin to send {_name}: {_directory.LastWords()}");
            await Task.Delay(Look, _time, cancellationToken);
        }
        _from = DescriptorStream.OpenRead(Descriptor(holder.Value.Id, 3));
        _from.Widen(PipeBytes);
        _to = DescriptorStream.OpenWrite(Descriptor(holder.Value.Id, 4));
        if (_toFile) await _to.WriteAsync(Handshake.Banner.ToArray(), cancellationToken);
        _watching = WatchAsync(_end.Token);
    }

    private async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        // All of it was taken, which is all that the word of a receiver would say.
        if (_toFile && _parser.Result == XenStreamParser.Outcome.Ended)
        {
            await HoldAsync();
            return 0;
        }
        var read = await _from!.ReadAsync(buffer, cancellationToken);
        if (read == 0) return 0;
        Interlocked.Add(ref _bytes, read);
        var outcome = _parser.Take(buffer.Span[..read]);
        if (_parser.Round > _round) _post(new CopyEvent.RoundBegan(_time.GetUtcNow(), _round = _parser.Round));
        if (outcome == XenStreamParser.Outcome.Following) return read;
        if (outcome == XenStreamParser.Outcome.Lost && (_toFile || !_suspended)) throw new IOException($"xl's stream of {_name} is of a kind that is not known");
        Suspended();
        await _permitted.Task.WaitAsync(cancellationToken);
        lock (_changing)
        {
            if (!_memorySent) _post(new CopyEvent.MemorySent(_time.GetUtcNow()));
            _memorySent = true;
        }
        return read;
    }

    private async ValueTask WriteAsync(ReadOnlyMemory<byte> words, CancellationToken cancellationToken)
    {
        if (_words.Take(words.Span) is var banner and > 0) await _to!.WriteAsync(words[..banner], cancellationToken);
        if (_words.Ready) await HoldAsync();
    }

    // The marks before the word: whoever dies now leaves a guest that does not run by itself.
    private async Task HoldAsync()
    {
        if (_pausing is null) throw new IOException($"the receiver of {_name} was ready before all was sent");
        await _pausing;
        lock (_changing)
        {
            if (_over || _directory.IsHeld) return;
            _directory.MarkHeld();
            _post(new CopyEvent.Held(_time.GetUtcNow()));
        }
    }

    private void Suspended()
    {
        lock (_changing)
        {
            if (_suspended || _over) return;
            _suspended = true;
            _pausing = PauseAsync();
            var now = _time.GetUtcNow();
            _post(new CopyEvent.Stopped(_stopped ?? now));
            _post(new CopyEvent.SwitchoverReady(now));
        }
    }

    // The holder does it, so that whatever becomes of this daemon the count is given back by the one who took it.
    private async Task PauseAsync()
    {
        await _line!.WriteAsync("pause\n"u8.ToArray(), CancellationToken.None);
        var began = _time.GetTimestamp();
        while (!_directory.IsPaused)
        {
            if (_directory.FindProcess("holder") is null || _time.GetElapsedTime(began) > _limit)
                throw new GodwitException("engine-failed", $"Xen does not pause {_name}: {_directory.LastWords()}");
            await Task.Delay(Look, _time, CancellationToken.None);
        }
    }

    private async Task WatchAsync(CancellationToken cancellationToken)
    {
        var guest = WatchGuestAsync(cancellationToken);
        while (_process?.HasExited() == false) await Task.Delay(Watch, _time, cancellationToken);
        await _end.CancelAsync();
        await SuppressAsync(guest);
        if (!_directory.IsHeld) await EndedAsync(_directory.LastWords());
    }

    private async Task GiveBackAsync(CancellationToken cancellationToken)
    {
        await SuppressAsync(_pausing);
        if (_directory.IsPaused) await _xl.UnpauseAsync(_domain, cancellationToken);
        _directory.UnmarkHold();
        await CloseStreamAsync();
        _directory.FindProcess("holder")?.Kill();
        while (_process?.HasExited() == false) await Task.Delay(Look, _time, cancellationToken);
    }

    // xl writes the order to suspend there, which the guest takes away just before it stops.
    private async Task WatchGuestAsync(CancellationToken cancellationToken)
    {
        var node = string.Create(CultureInfo.InvariantCulture, $"/local/domain/{_domain}/control/shutdown");
        await using var changes = await _store.WatchAsync(node, cancellationToken);
        var ordered = false;
        while (_stopped is null && await changes.Paths.WaitToReadAsync(cancellationToken))
        {
            while (changes.Paths.TryRead(out _))
            {
                var order = await _store.ReadAsync(node, cancellationToken);
                if (order == "suspend") ordered = true;
                else if (ordered) _stopped ??= _time.GetUtcNow();
            }
        }
    }

    // xl has resumed the guest before it ended, unless it was killed; where our count keeps it still, that goes too.
    private async Task EndedAsync(string reason)
    {
        lock (_changing)
        {
            if (_ended) return;
            _ended = _over = true;
        }
        var resumed = false;
        try
        {
            await SuppressAsync(_pausing);
            if (_directory.IsPaused) await _xl.UnpauseAsync(_domain, CancellationToken.None);
            _directory.UnmarkHold();
            resumed = _suspended && await _xl.FindAsync(_domain, CancellationToken.None) is { Shutdown: null };
        }
        catch (GodwitException e)
        {
            Log.Failed(_log, _name, "resuming after a failed move", e);
        }
        var now = _time.GetUtcNow();
        if (resumed) _post(new CopyEvent.Resumed(now));
        _post(new CopyEvent.SendFailed(now, reason.Length > 0 ? reason : "xl ended"));
    }

    private async ValueTask CloseStreamAsync()
    {
        _permitted.TrySetException(new IOException($"the move of {_name} was given up"));
        // Nobody may wait for it.
        _ = _permitted.Task.Exception;
        if (_from is not null) await _from.DisposeAsync();
        if (_to is not null) await _to.DisposeAsync();
    }

    private static string Descriptor(int process, int number) => string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/fd/{number}");

    private static async Task SuppressAsync(Task? task)
    {
        if (task is not null) await task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
