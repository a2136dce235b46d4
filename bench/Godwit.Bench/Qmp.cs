using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Godwit.Bench;

/// <summary>The least of QMP that a comparison with bare QEMU needs: commands, replies, and time stamps of events.</summary>
internal sealed class Qmp : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private StreamReader? _reader;
    private StreamWriter? _writer;

    public Dictionary<string, double> EventMs { get; } = [];

    public static async Task<Qmp> ConnectAsync(string path, CancellationToken ct)
    {
        var qmp = new Qmp();
        while (true)
        {
            try
            {
                await qmp._socket.ConnectAsync(new UnixDomainSocketEndPoint(path), ct);
                break;
            }
            catch (SocketException)
            {
                await Task.Delay(1, ct);
            }
        }
        var stream = new NetworkStream(qmp._socket);
        (qmp._reader, qmp._writer) = (new StreamReader(stream, Encoding.UTF8), new StreamWriter(stream) { AutoFlush = true, NewLine = "\n" });
        await qmp._reader.ReadLineAsync(ct);
        await qmp.CallAsync("""{"execute":"qmp_capabilities"}""", ct);
        return qmp;
    }

    public async Task<JsonElement> CallAsync(string command, CancellationToken ct)
    {
        await _writer!.WriteLineAsync(command.AsMemory(), ct);
        while (true)
        {
            var message = await ReadAsync(ct);
            if (message.TryGetProperty("error", out var error))
                throw new InvalidOperationException($"{command}: {error.GetProperty("desc").GetString()}");
            if (message.TryGetProperty("return", out var result))
                return result;
        }
    }

    /// <summary>Reads on until an event comes, or has come since the last <see cref="EventMs"/> was cleared.</summary>
    public async Task<double> WaitForAsync(string name, CancellationToken ct)
    {
        while (!EventMs.ContainsKey(name))
            await ReadAsync(ct);
        return EventMs[name];
    }

    public void Dispose() => _socket.Dispose();

    private async Task<JsonElement> ReadAsync(CancellationToken ct)
    {
        var line = await _reader!.ReadLineAsync(ct) ?? throw new IOException("QEMU closed its monitor.");
        var message = JsonDocument.Parse(line).RootElement;
        if (message.TryGetProperty("event", out var name))
        {
            var at = message.GetProperty("timestamp");
            var ms = (at.GetProperty("seconds").GetInt64() * 1000.0) + (at.GetProperty("microseconds").GetInt64() / 1000.0);
            EventMs[name.GetString()!] = ms;
            if (message.TryGetProperty("data", out var data) && data.TryGetProperty("status", out var status))
                EventMs[$"{name.GetString()}/{status.GetString()}"] = ms;
        }
        return message;
    }
}
