using System.Net.Sockets;
using System.Text.Json;

namespace Godwit.Bench;

/// <summary>The least of QMP that a comparison needs: commands, replies, and time stamps of events.</summary>
internal sealed class Qmp : IDisposable
{
    private static readonly TimeSpan Retry = TimeSpan.FromMilliseconds(1);
    private readonly NetworkStream _stream;
    private readonly StreamReader _reader;
    private readonly StreamWriter _writer;
    private readonly Dictionary<string, double> _events = [];

    private Qmp(Socket socket)
    {
        _stream = new NetworkStream(socket, ownsSocket: true);
        _reader = new StreamReader(_stream);
        _writer = new StreamWriter(_stream) { AutoFlush = true };
    }

    /// <summary>Waits for a QEMU to come that listens at the path.</summary>
    public static async Task<Qmp> ConnectAsync(string path, CancellationToken ct)
    {
        while (true)
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            try
            {
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), ct);
            }
            catch (SocketException)
            {
                socket.Dispose();
                await Task.Delay(Retry, ct);
                continue;
            }
            var qmp = new Qmp(socket);
            await qmp.ReadAsync(ct);
            await qmp.CallAsync("""{"execute":"qmp_capabilities"}""", ct);
            return qmp;
        }
    }

    public async Task<JsonElement> CallAsync(string command, CancellationToken ct)
    {
        await _writer.WriteAsync((command + "\n").AsMemory(), ct);
        while (true)
        {
            var message = await ReadAsync(ct);
            if (message.TryGetProperty("error", out var error))
                throw new InvalidOperationException($"{command}: {error.GetProperty("desc").GetString()}");
            if (message.TryGetProperty("return", out var result)) return result;
        }
    }

    /// <summary>Events that came before do not count any longer, those not read yet among them.</summary>
    public async Task ForgetAsync(CancellationToken ct)
    {
        // Its reply stands behind all that QEMU has said so far.
        await CallAsync("""{"execute":"query-status"}""", ct);
        _events.Clear();
    }

    /// <summary>Time of the last event of that name, in milliseconds since 1970; waits for one if none came.</summary>
    /// <param name="name">Such as <c>RESUME</c>, or <c>MIGRATION/completed</c> with the status in it.</param>
    public async Task<double> WaitForAsync(string name, CancellationToken ct)
    {
        while (!_events.ContainsKey(name)) await ReadAsync(ct);
        return _events[name];
    }

    public void Dispose() => _stream.Dispose();

    private async Task<JsonElement> ReadAsync(CancellationToken ct)
    {
        var line = await _reader.ReadLineAsync(ct) ?? throw new IOException("QEMU closed its monitor.");
        using var document = JsonDocument.Parse(line);
        var message = document.RootElement.Clone();
        if (!message.TryGetProperty("event", out var @event)) return message;
        var name = @event.GetString()!;
        var at = message.GetProperty("timestamp");
        var ms = (at.GetProperty("seconds").GetInt64() * 1000.0) + (at.GetProperty("microseconds").GetInt64() / 1000.0);
        if (message.TryGetProperty("data", out var data) && data.TryGetProperty("status", out var status))
        {
            if (status.GetString() == "failed") throw new IOException("QEMU says that the migration failed.");
            name += "/" + status.GetString();
        }
        _events[name] = ms;
        return message;
    }
}
