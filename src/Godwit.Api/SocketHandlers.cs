using System.Net.Sockets;

namespace Godwit.Api;

/// <summary>Ways to a daemon.</summary>
public static class SocketHandlers
{
    /// <summary>Stands for the daemon at the other end of a Unix socket; never resolved.</summary>
    public static Uri LocalAddress { get; } = new("http://godwit.local");

    /// <summary>Carries requests over the local daemon's socket.</summary>
    public static SocketsHttpHandler ForUnixSocket(string path) => new()
    {
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        ConnectCallback = async (_, cancellationToken) =>
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            try
            {
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellationToken).ConfigureAwait(false);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        },
    };
}
