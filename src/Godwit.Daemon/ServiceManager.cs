using System.Net.Sockets;

namespace Godwit.Daemon;

/// <summary>Tells systemd how the daemon fares, as sd_notify(3): a word to the socket that NOTIFY_SOCKET names.</summary>
internal static class ServiceManager
{
    /// <summary>From now on requests are served: whoever waits for the start of the service goes on.</summary>
    public static void Ready() => Tell("READY=1", Environment.GetEnvironmentVariable("NOTIFY_SOCKET"));

    /// <param name="state">What to say.</param>
    /// <param name="address">Path of the socket, or @ and its abstract name; null where nobody wants to hear it.</param>
    internal static void Tell(string state, string? address)
    {
        if (string.IsNullOrEmpty(address))
            return;
        using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        socket.SendTo(System.Text.Encoding.ASCII.GetBytes(state), new UnixDomainSocketEndPoint(address[0] == '@' ? '\0' + address[1..] : address));
    }
}
