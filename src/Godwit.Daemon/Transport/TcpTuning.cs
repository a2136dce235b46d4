using System.Net.Sockets;

namespace Godwit.Daemon.Transport;

/// <summary>Settings of every TCP connection between hosts.</summary>
internal static class TcpTuning
{
    /// <summary>
    /// Small on purpose. What waits in buffers when the guest stops must still be loaded before it runs again: it is
    /// downtime that the engine does not see when it decides to stop. The kernel doubles the number; half a MiB
    /// keeps a line of 10 Gbit/s with a round trip of 0.4 ms full.
    /// </summary>
    private const int RelocationBuffer = 256 << 10;

    // tcp(7): milliseconds that sent data may stay unacknowledged before the connection is given up.
    private const int IPPROTO_TCP = 6;
    private const int TCP_USER_TIMEOUT = 18;
    private const int DeadAfterMilliseconds = 15_000;

    /// <summary>A peer that is gone is noticed after 15 s, whether bytes are under way (user timeout) or not (keep-alive).</summary>
    public static void Apply(Socket socket)
    {
        socket.NoDelay = true;
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, 6);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, 3);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, 3);
        socket.SetRawSocketOption(IPPROTO_TCP, TCP_USER_TIMEOUT, BitConverter.GetBytes(DeadAfterMilliseconds));
    }

    public static void ApplyForBulk(Socket socket)
    {
        Apply(socket);
        socket.SendBufferSize = RelocationBuffer;
        socket.ReceiveBufferSize = RelocationBuffer;
    }
}
