using System.Net.Sockets;

namespace Godwit.Daemon.Transport;

/// <summary>Settings of every TCP connection between hosts.</summary>
internal static class TcpTuning
{
    /// <summary>Room for a second or so of a fast line's bytes; the kernel caps it at net.core.{r,w}mem_max.</summary>
    private const int RelocationBuffer = 4 << 20;

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
