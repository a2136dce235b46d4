using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Godwit.Native.Network;

namespace Godwit.Lab.Measure;

/// <summary>
/// A TCP connection to the guest's writer, from inside a network namespace. It stays open for the whole measurement
/// and counts the lines that the guest has made durable.
/// </summary>
public sealed class WriterConnection : IAsyncDisposable
{
    private readonly Socket _socket;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _reading;
    private readonly Lock _lock = new();
    private WriterFigures _figures = new(0, 0, 0, Unbroken: true, 0);
    private long _lastAt;

    private WriterConnection(Socket socket)
    {
        _socket = socket;
        _reading = ReadAsync();
    }

    /// <param name="networkNamespace">Name as <c>ip netns</c> shows it.</param>
    /// <exception cref="SocketException">Nobody listens there.</exception>
    public static async Task<WriterConnection> OpenAsync(string networkNamespace, IPAddress guest, CancellationToken ct)
    {
        Socket socket;
        using (var inside = NetworkNamespace.OpenNamed(networkNamespace))
            socket = inside.Run(() => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
        KeepAlive(socket);
        try
        {
            await socket.ConnectAsync(new IPEndPoint(guest, LabGuest.WriterPort), ct).ConfigureAwait(false);
            return new WriterConnection(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>
    /// This side only listens, so it would never hear that the guest has started anew; a guest that stands still for
    /// two minutes is waited for.
    /// </summary>
    private static void KeepAlive(Socket socket)
    {
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, 2);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, 1);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, 120);
    }

    public WriterFigures Figures
    {
        get
        {
            lock (_lock) return _figures;
        }
    }

    /// <summary>Closes the connection from this side; what the guest has said until now is what counts.</summary>
    public async Task<WriterFigures> StopAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _reading.ConfigureAwait(false);
        return Figures;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync().ConfigureAwait(false);
        _socket.Dispose();
        _stop.Dispose();
    }

    private async Task ReadAsync()
    {
        using var reader = new StreamReader(new NetworkStream(_socket));
        try
        {
            while (await reader.ReadLineAsync(_stop.Token).ConfigureAwait(false) is { } line) Count(line);
            Break(); // The guest closed it: its writer, or the guest itself, has ended.
        }
        catch (OperationCanceledException)
        {
            // StopAsync: the connection held to the end.
        }
        catch (IOException)
        {
            Break();
        }
    }

    private void Count(string line)
    {
        var now = PingLog.Now;
        lock (_lock)
        {
            var number = long.TryParse(line, NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? n : -1;
            // Lines come in order, one after the other: anything else is not the connection that we opened.
            if (number < 1 || (_figures.Acknowledged > 0 && number != _figures.Last + 1))
            {
                _figures = _figures with { Unbroken = false };
                return;
            }
            var gap = _lastAt == 0 ? 0 : (now - _lastAt) / 1e6;
            _figures = _figures with
            {
                First = _figures.Acknowledged == 0 ? number : _figures.First,
                Last = number,
                Acknowledged = _figures.Acknowledged + 1,
                LongestGapMs = Math.Max(_figures.LongestGapMs, gap),
            };
            _lastAt = now;
        }
    }

    private void Break()
    {
        lock (_lock) _figures = _figures with { Unbroken = false };
    }
}

/// <param name="First">Number of the first line that the guest reported.</param>
/// <param name="Last">Number of the last one.</param>
/// <param name="Acknowledged">How many lines there were.</param>
/// <param name="Unbroken">The connection never ended and never missed a line.</param>
/// <param name="LongestGapMs">Longest time between two reports, in milliseconds.</param>
public sealed record WriterFigures(long First, long Last, long Acknowledged, bool Unbroken, double LongestGapMs);
