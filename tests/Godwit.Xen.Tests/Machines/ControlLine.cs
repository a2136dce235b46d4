using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;

namespace Godwit.Xen.Tests.Machines;

/// <summary>
/// A shell of a machine's, by a port of QEMU's that needs no network and no processes beside it there: one command after the
/// other.
/// </summary>
internal sealed partial class ControlLine : IDisposable
{
    private readonly Socket _socket;
    private readonly StringBuilder _heard = new();
    private readonly SemaphoreSlim _one = new(1, 1);
    private int _number;

    private ControlLine(Socket socket) => _socket = socket;

    /// <returns>Null when the machine did not come up in time, or has ended.</returns>
    public static async Task<ControlLine?> ConnectAsync(string path, TimeSpan limit, Func<bool> gone, CancellationToken ct)
    {
        var began = Stopwatch.GetTimestamp();
        while (!gone() && Stopwatch.GetElapsedTime(began) < limit)
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            try
            {
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), ct);
                var line = new ControlLine(socket);
                await line.ReadUntilAsync(Ready(), limit - Stopwatch.GetElapsedTime(began), ct);
                return line;
            }
            catch (Exception e) when (e is SocketException or IOException or TimeoutException)
            {
                socket.Dispose();
                await Task.Delay(100, ct);
            }
        }
        return null;
    }

    public async Task<(int Code, string Output)> RunAsync(string command, TimeSpan limit, CancellationToken ct)
    {
        await _one.WaitAsync(ct);
        try
        {
            var mark = string.Create(CultureInfo.InvariantCulture, $"@@{++_number}");
            await _socket.SendAsync(Encoding.UTF8.GetBytes($"( {command}\n) 2>&1 < /dev/null; echo \"{mark}=$?@\"\n"), ct);
            var (before, match) = await ReadUntilAsync(new Regex(mark + "=([0-9]+)@\r?\n"), limit, ct);
            return (int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture), before.Replace("\r", "", StringComparison.Ordinal));
        }
        finally
        {
            _one.Release();
        }
    }

    public void Dispose() => _socket.Dispose();

    private async Task<(string Before, Match Match)> ReadUntilAsync(Regex mark, TimeSpan limit, CancellationToken ct)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct);
        either.CancelAfter(limit);
        var buffer = new byte[65536];
        while (true)
        {
            var heard = _heard.ToString();
            if (mark.Match(heard) is { Success: true } match)
            {
                _heard.Clear().Append(heard.AsSpan(match.Index + match.Length));
                return (heard[..match.Index], match);
            }
            try
            {
                var read = await _socket.ReceiveAsync(buffer, either.Token);
                if (read == 0) throw new IOException("the machine is gone");
                _heard.Append(Encoding.UTF8.GetString(buffer, 0, read));
            }
            catch (OperationCanceledException) when (!ct.IsCancellationRequested)
            {
                throw new TimeoutException($"not within {limit.TotalSeconds:0} s; it said: {heard}");
            }
        }
    }

    [GeneratedRegex("@@ready@@\r?\n")]
    private static partial Regex Ready();
}
