using System.Net.Sockets;
using System.Text.Json;
using Godwit.Aoe.Control;

namespace Godwit.AoeTool.Running;

/// <summary>
/// Pauses an engine over a monitor of its own, which speaks QMP (docs/interop/qmp-spec.rst of QEMU):
/// <code>
///   engine  {"QMP": ...}
///   we      {"execute": "qmp_capabilities"}
///   we      {"execute": "stop"}
///   we      {"execute": "query-status"}          engine  {"return": {"running": false, ...}}
/// </code>
/// It only pauses, and never ends: a copy that is held may still be given back, and stopping one that stands already
/// changes nothing. <c>stop</c> comes first in any state, so that an engine about to go on by itself has been told.
/// </summary>
internal sealed class EngineStop(string socketPath)
{
    private const int LongestLine = 64 * 1024;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <returns>Whether the engine stands; one that has ended does.</returns>
    public async Task<bool> RunAsync(CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        try
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(socketPath), limit.Token).ConfigureAwait(false);
            await using var stream = new NetworkStream(socket);
            using var reader = new BoundedLineReader(stream, LongestLine);
            _ = await reader.ReadLineAsync(limit.Token).ConfigureAwait(false);
            await AskAsync(stream, reader, "qmp_capabilities", limit.Token).ConfigureAwait(false);
            await AskAsync(stream, reader, "stop", limit.Token).ConfigureAwait(false);
            var status = await AskAsync(stream, reader, "query-status", limit.Token).ConfigureAwait(false);
            return status.TryGetProperty("return", out var state) && state.TryGetProperty("running", out var running)
                && running.ValueKind == JsonValueKind.False;
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionRefused)
        {
            // Its process has ended, and its socket was left.
            return true;
        }
        catch (Exception e) when (e is IOException or SocketException or JsonException
            || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return false;
        }
    }

    private static async Task<JsonElement> AskAsync(
        NetworkStream stream, BoundedLineReader reader, string command, CancellationToken cancellationToken)
    {
        await stream.WriteAsync(System.Text.Encoding.ASCII.GetBytes($"{{\"execute\": \"{command}\"}}\n"), cancellationToken).ConfigureAwait(false);
        while (await reader.ReadLineAsync(cancellationToken).ConfigureAwait(false) is { } line)
        {
            using var message = JsonDocument.Parse(line);
            // Events come between.
            if (message.RootElement.TryGetProperty("return", out _) || message.RootElement.TryGetProperty("error", out _))
                return message.RootElement.Clone();
        }
        throw new IOException("the engine closed its monitor");
    }
}
