using System.Globalization;
using Godwit.Domains;
using Godwit.Hypervisors.Consoles;
using Godwit.Hypervisors.Xen.Toolstack;
using Godwit.Native.Files;

namespace Godwit.Hypervisors.Xen.Console;

/// <summary>
/// A domain's console: the terminal that xenconsoled has for it. A terminal gives each byte to one reader only, so this
/// daemon alone reads it, and logs it for any number of viewers; while no daemon is there, xenconsoled keeps what comes.
/// </summary>
internal sealed class XenConsole : IConsoleSource, IAsyncDisposable
{
    private static readonly TimeSpan Again = TimeSpan.FromMilliseconds(200);
    private readonly XenStore _store;
    private readonly ConsoleLog _log;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _closing = new();
    private readonly SemaphoreSlim _writing = new(1, 1);
    private volatile TaskCompletionSource _news = NewSignal();
    private volatile DescriptorStream? _terminal;
    private Task _reading = Task.CompletedTask;
    private volatile int _domain;

    public XenConsole(XenStore store, string logPath, TimeProvider time) => (_store, _log, _time) = (store, new ConsoleLog(logPath), time);

    public bool Ended => _closing.IsCancellationRequested;

    public Task News => _news.Task;

    /// <summary>Begins to read, once the domain is there; or goes on with another, as which the guest lives on.</summary>
    public void Follow(int domain)
    {
        _domain = domain;
        if (_reading.IsCompleted) _reading = ReadAsync();
    }

    public ConsoleStream Open() => new(this, _log.Open(), _time);

    public async Task WriteAsync(ReadOnlyMemory<byte> input, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _closing.Token);
        await _writing.WaitAsync(either.Token);
        try
        {
            while (!await TryWriteAsync(input, either.Token)) await Task.Delay(Again, _time, either.Token);
        }
        finally
        {
            _writing.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_closing.IsCancellationRequested) return;
        await _closing.CancelAsync();
        await _reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _news.TrySetResult();
    }

    // A domain that has ended hangs its terminal up; a guest that restarts gets another.
    private async Task<bool> TryWriteAsync(ReadOnlyMemory<byte> input, CancellationToken cancellationToken)
    {
        if (_terminal is not { } terminal) return false;
        try
        {
            await terminal.WriteAsync(input, cancellationToken);
            return true;
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            return false;
        }
    }

    private async Task ReadAsync()
    {
        await using var log = _log.OpenToAppend();
        var buffer = new byte[8192];
        while (!Ended)
        {
            try
            {
                // It is written a moment after the domain was made.
                var path = await _store.ReadAsync(string.Create(CultureInfo.InvariantCulture, $"/local/domain/{_domain}/console/tty"), _closing.Token);
                if (path is { Length: > 0 })
                {
                    await using var terminal = _terminal = DescriptorStream.OpenBoth(path);
                    while (await terminal.ReadAsync(buffer, _closing.Token) is var read and > 0)
                    {
                        await log.WriteAsync(buffer.AsMemory(0, read), _closing.Token);
                        Interlocked.Exchange(ref _news, NewSignal()).TrySetResult();
                        _log.Trim();
                    }
                }
            }
            catch (Exception e) when (e is IOException or GodwitException)
            {
                // The domain has ended or is about to: that is watched elsewhere.
            }
            catch (OperationCanceledException)
            {
                return;
            }
            finally
            {
                _terminal = null;
            }
            await Task.Delay(Again, _time, _closing.Token);
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
