using System.Net.Sockets;
using Godwit.Hypervisors.Consoles;

namespace Godwit.Hypervisors.Qemu.Console;

/// <summary>
/// A copy's serial console. QEMU logs all output to a file, which is what viewers read: so scrollback and live output
/// join without a gap, any number may look, and a restarted daemon shows what it missed. The socket takes input, and
/// what comes from it only tells that there is something new in the file.
/// </summary>
internal sealed class ConsoleHub : IConsoleSource, IAsyncDisposable
{
    private static readonly TimeSpan Reconnect = TimeSpan.FromMilliseconds(200);
    private readonly RunDirectory _directory;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _closing = new();
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly Task _listening;
    private volatile Socket? _socket;
    private volatile TaskCompletionSource _news = NewSignal();
    private readonly ConsoleLog _log;

    public ConsoleHub(RunDirectory directory, TimeProvider time)
    {
        (_directory, _time, _log) = (directory, time, new ConsoleLog(directory.ConsoleLog));
        _listening = ListenAsync();
    }

    /// <summary>No output comes any more: QEMU has ended or the copy was let go of.</summary>
    public bool Ended => _closing.IsCancellationRequested;

    /// <summary>Completes at the next output, or at the end.</summary>
    public Task News => _news.Task;

    public ConsoleStream Open() => new(this, _log.Open(), _time);

    /// <summary>Types on the console; waits while there is no connection.</summary>
    public async Task WriteAsync(ReadOnlyMemory<byte> input, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _closing.Token);
        await _writing.WaitAsync(either.Token);
        try
        {
            while (!input.IsEmpty)
            {
                if (_socket is not { } socket)
                {
                    await Task.Delay(Reconnect, _time, either.Token);
                    continue;
                }
                input = input[await socket.SendAsync(input, either.Token)..];
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            throw new IOException("the console's line to the guest broke", e);
        }
        finally
        {
            _writing.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        await _listening;
        _news.TrySetResult();
    }

    private async Task ListenAsync()
    {
        var sink = new byte[8192];
        while (!Ended)
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            try
            {
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(_directory.ConsoleSocket), _closing.Token);
                _socket = socket;
                while (await socket.ReceiveAsync(sink, _closing.Token) > 0) Announce();
            }
            catch (SocketException)
            {
                // QEMU has ended or is about to: its process is watched elsewhere.
            }
            catch (OperationCanceledException)
            {
                return;
            }
            finally
            {
                _socket = null;
            }
            await Task.Delay(Reconnect, _time, CancellationToken.None);
        }
    }

    private void Announce()
    {
        Interlocked.Exchange(ref _news, NewSignal()).TrySetResult();
        _log.Trim();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
