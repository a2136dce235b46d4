using System.Net.Sockets;

namespace Godwit.Aoe.Control;

/// <summary>
/// A listening Unix socket. It is bound under another name, closed to others (mode 0600), and only then moved to its
/// path: whoever finds it there may connect, and nobody could before.
/// </summary>
public sealed class UnixListener : IDisposable
{
    private readonly Socket _socket;
    private readonly string _path;

    private UnixListener(Socket socket, string path)
    {
        _socket = socket;
        _path = path;
    }

    /// <summary>Takes over a socket that listens at the path already, inherited from whoever started this process.</summary>
    /// <exception cref="IOException">The descriptor is no listening socket.</exception>
    public static UnixListener Adopt(int descriptor, string path)
    {
        try
        {
            return new UnixListener(new Socket(new SafeSocketHandle(descriptor, ownsHandle: true)), path);
        }
        catch (Exception e) when (e is SocketException or ArgumentException)
        {
            throw new IOException($"descriptor {descriptor}: {e.Message}", e);
        }
    }

    /// <exception cref="IOException">The socket cannot be made, or another process answers there.</exception>
    public static UnixListener Bind(string path)
    {
        if (Answers(path)) throw new IOException($"{path}: another process serves this socket");
        var hidden = path + "~";
        File.Delete(hidden);
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Bind(new UnixDomainSocketEndPoint(hidden));
            File.SetUnixFileMode(hidden, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            socket.Listen();
            File.Move(hidden, path, overwrite: true);
            return new UnixListener(socket, path);
        }
        catch (Exception e) when (e is SocketException or UnauthorizedAccessException or ArgumentException)
        {
            socket.Dispose();
            throw new IOException($"{path}: {e.Message}", e);
        }
    }

    /// <summary>Serves each connection in a task of its own until told to stop; returns when all have ended.</summary>
    public async Task RunAsync(Func<Socket, CancellationToken, Task> serve, CancellationToken cancellationToken)
    {
        var running = new HashSet<Task>();
        try
        {
            while (true)
            {
                var socket = await _socket.AcceptAsync(cancellationToken).ConfigureAwait(false);
                running.RemoveWhere(t => t.IsCompleted);
                running.Add(ServeAndCloseAsync(socket, serve, cancellationToken));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException or SocketException
            && cancellationToken.IsCancellationRequested)
        {
            await Task.WhenAll(running).ConfigureAwait(false);
        }
    }

    public void Dispose()
    {
        // Disposing twice must not remove the socket of a successor that took the path in between.
        if (!_socket.SafeHandle.IsClosed && File.Exists(_path)) File.Delete(_path);
        _socket.Dispose();
    }

    private static async Task ServeAndCloseAsync(
        Socket socket, Func<Socket, CancellationToken, Task> serve, CancellationToken cancellationToken)
    {
        // Not on the accepting path: a connection that computes before its first wait would keep others out.
        await Task.Yield();
        using (socket) await serve(socket, cancellationToken).ConfigureAwait(false);
    }

    private static bool Answers(string path)
    {
        if (!File.Exists(path)) return false;
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(path));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
