using Godwit.Domains;
using Godwit.Native;
using Godwit.Native.Files;
using Godwit.Native.Processes;
using Godwit.Hypervisors.Xen.Toolstack;

namespace Godwit.Hypervisors.Xen.Migration;

/// <summary>
/// A receiver: <c>xl migrate-receive</c> on two FIFOs, whose other ends a script keeps open (Scripts/receive), so that one
/// that has loaded waits for the permission also when the daemon is gone and comes back.
/// </summary>
internal sealed class IncomingMove : IAsyncDisposable
{
    private const int PipeBytes = 1 << 20;
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(20), Watch = TimeSpan.FromMilliseconds(100);
    private readonly XenRunDirectory _directory;
    private readonly string _name;
    private readonly Action<CopyEvent> _post;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _end = new();
    private readonly ReceiverWords _words = new();
    private readonly DescriptorStream _line;
    private DescriptorStream? _in, _out;
    private RunningProcess? _xl;
    private Task _watching = Task.CompletedTask;
    private bool _released;

    private IncomingMove(XenRunDirectory directory, string name, Action<CopyEvent> post, TimeProvider time)
    {
        (_directory, _name, _post, _time) = (directory, name, post, time);
        _line = DescriptorStream.OpenBoth(directory.Line);
    }

    /// <summary>
    /// By its number, which was looked for once: a process that is just becoming another program has no command line for a moment.
    /// </summary>
    private bool XlRuns => _xl?.HasExited() == false;

    /// <summary>Starts an empty receiver.</summary>
    public static IncomingMove Start(XenRunDirectory directory, Xl xl, HotplugScripts scripts, string name, Action<CopyEvent> post, TimeProvider time)
    {
        directory.ClearMove();
        foreach (var pipe in (string[])[directory.Line, directory.In, directory.Out]) NamedPipe.Make(pipe);
        var move = new IncomingMove(directory, name, post, time);
        DetachedProcess.Start([scripts.Receive, directory.Path, xl.Program], directory.XlLog, []);
        return move;
    }

    /// <summary>One that an earlier daemon started, and that has loaded.</summary>
    public static IncomingMove Find(XenRunDirectory directory, string name, Action<CopyEvent> post, TimeProvider time)
    {
        var move = new IncomingMove(directory, name, post, time) { _xl = directory.FindProcess("xl") };
        move._watching = move.WatchAsync(move._end.Token);
        return move;
    }

    /// <summary>Connects to it.</summary>
    /// <exception cref="GodwitException">It does not take the stream.</exception>
    public async Task<Stream> OpenStreamAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        await ConnectAsync(limit, cancellationToken);
        _watching = WatchAsync(_end.Token);
        return new MoveStream(ReadAsync, WriteAsync, CloseStreamAsync);
    }

    /// <summary>Gives the permission to run, and waits for the word that it does.</summary>
    /// <exception cref="EngineGoneException">The receiver had ended before.</exception>
    /// <exception cref="GodwitException">It does not run, or nobody can tell.</exception>
    public async Task LetRunAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        end.CancelAfter(limit);
        try
        {
            if (!XlRuns) throw new IOException("xl migrate-receive has ended");
            if (_in is null || _out is null) await ConnectAsync(limit, end.Token);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            throw new EngineGoneException($"The receiver of {_name} was gone before it was told to run: {e.Message}", e);
        }
        _released = true;
        _directory.MarkRun();
        try
        {
            await _in!.WriteAsync(Handshake.Permission.ToArray(), end.Token);
            var report = new byte[Handshake.Report.Length + 1];
            await _out!.ReadExactlyAsync(report, end.Token);
            if (!report.AsSpan().StartsWith(Handshake.Report) || report[^1] != 0)
                throw new GodwitException("engine-failed", $"Xen does not let {_name} run: {_directory.LastWords()}");
            if (_directory.FindProcess("holder") is { } holder) await holder.EndAsync();
        }
        catch (Exception e) when (e is IOException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            throw new GodwitException("engine-silent", $"xl does not say whether {_name} runs: {_directory.LastWords()}", null, e);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _watching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await CloseStreamAsync();
        await _line.DisposeAsync();
        _end.Dispose();
    }

    private async Task ConnectAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        var began = _time.GetTimestamp();
        // The script opens its ends a moment after its start.
        while ((_xl ??= _directory.FindProcess("xl")) is null)
        {
            if (_time.GetElapsedTime(began) > limit) throw new GodwitException("engine-failed", $"Xen does not begin to receive {_name}: {_directory.LastWords()}");
            await Task.Delay(Look, _time, cancellationToken);
        }
        _in = await OpenAsync(DescriptorStream.OpenWrite, _directory.In, began, limit, cancellationToken);
        _out = DescriptorStream.OpenRead(_directory.Out);
        _in.Widen(PipeBytes);
    }

    // A FIFO that nobody has opened yet to read is refused.
    private async Task<DescriptorStream> OpenAsync(
        Func<string, DescriptorStream> open, string path, long began, TimeSpan limit, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                return open(path);
            }
            catch (NativeException) when (_time.GetElapsedTime(began) < limit && XlRuns)
            {
                await Task.Delay(Look, _time, cancellationToken);
            }
        }
    }

    // What comes after its word that it is ready is for the one who lets it run.
    private async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (_words.Ready)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, _time, cancellationToken);
            return 0;
        }
        int read;
        // Before xl has opened its end there is none who could write.
        while ((read = await _out!.ReadAsync(buffer[..Math.Min(buffer.Length, Handshake.Ready.Length)], cancellationToken)) == 0)
        {
            if (_words.Greeted || !XlRuns) return 0;
            await Task.Delay(Look, _time, cancellationToken);
        }
        _words.Take(buffer.Span[..read]);
        if (_words.Ready)
        {
            _directory.MarkLoaded();
            _post(new CopyEvent.Loaded(_time.GetUtcNow()));
        }
        return read;
    }

    private async ValueTask WriteAsync(ReadOnlyMemory<byte> stream, CancellationToken cancellationToken) => await _in!.WriteAsync(stream, cancellationToken);

    private async Task WatchAsync(CancellationToken cancellationToken)
    {
        while (XlRuns) await Task.Delay(Watch, _time, cancellationToken);
        if (!_released) _post(new CopyEvent.ReceiveFailed(_time.GetUtcNow(), _directory.LastWords() is { Length: > 0 } words ? words : "xl migrate-receive ended"));
    }

    // One that has loaded is still to be let run by these.
    private async ValueTask CloseStreamAsync()
    {
        if (_directory.IsLoaded && !_end.IsCancellationRequested) return;
        if (_in is not null) await _in.DisposeAsync();
        if (_out is not null) await _out.DisposeAsync();
    }
}
