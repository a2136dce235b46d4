using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Godwit.Aoe.Control;

/// <summary>
/// The client's side of a control socket: one JSON object a line, one connection a request, so that a client holds
/// nothing that a restart of the other side could break.
/// </summary>
internal sealed class ControlClient(string socketPath)
{
    /// <exception cref="AoeControlException">Refused, or nobody answers.</exception>
    public async Task<ControlReply> CallAsync(ControlRequest request, CancellationToken cancellationToken)
    {
        try
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(socketPath), cancellationToken).ConfigureAwait(false);
            await using var stream = new NetworkStream(socket);
            var line = JsonSerializer.Serialize(request, ControlJson.Default.ControlRequest) + "\n";
            await stream.WriteAsync(Encoding.UTF8.GetBytes(line), cancellationToken).ConfigureAwait(false);
            using var reader = new StreamReader(stream, Encoding.UTF8);
            var answer = await reader.ReadLineAsync(cancellationToken).ConfigureAwait(false)
                ?? throw new IOException("the connection was closed before the answer");
            var reply = JsonSerializer.Deserialize(answer, ControlJson.Default.ControlReply)
                ?? throw new JsonException("the answer is null");
            return reply.Ok ? reply : throw Refusal(reply.Error);
        }
        catch (Exception e) when (e is SocketException or IOException or JsonException)
        {
            throw new AoeControlException(AoeControlCode.NotRunning,
                $"No answer from the control socket {socketPath}: {e.Message}",
                "See whether the godwit-aoe process of this socket runs, and what it logged.", e);
        }
    }

    private static AoeControlException Refusal(ControlError? error) =>
        error is null
            ? new AoeControlException(AoeControlCode.BadRequest, "Refused without a reason.")
            : new AoeControlException(error.Code, error.Message, error.Remedy) { HeldEpoch = error.HeldEpoch };
}
