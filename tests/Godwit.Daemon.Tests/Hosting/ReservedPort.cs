using System.Net;
using System.Net.Sockets;

namespace Godwit.Daemon.Tests.Hosting;

/// <summary>
/// A free port of loopback, for a host that listens there once it is in a pool. It stays bound, so that the kernel gives it to nobody else
/// meanwhile; since nobody listens on it, and both sides let it be used again, the host can.
/// </summary>
internal sealed class ReservedPort : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    public ReservedPort()
    {
        _socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        _socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
    }

    public int Number => ((IPEndPoint)_socket.LocalEndPoint!).Port;

    public void Dispose() => _socket.Dispose();
}
