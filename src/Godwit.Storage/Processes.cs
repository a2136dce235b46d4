using System.Net.Sockets;
using System.Runtime.InteropServices;
using Godwit.Native.Processes;

namespace Godwit.Storage;

/// <summary>Finds helper processes that this host started, now or before a restart of its daemon.</summary>
internal static class Processes
{
    // asm-generic/socket.h; the answer is a struct ucred, of which the process is the first of three 32-bit numbers.
    private const int SOL_SOCKET = 1, SO_PEERCRED = 17, UcredBytes = 12;

    /// <summary>The process that listens on a Unix socket, by unix(7): whoever called listen; null when nobody does.</summary>
    public static RunningProcess? Serving(string socketPath)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(socketPath));
        }
        catch (SocketException)
        {
            return null;
        }
        Span<byte> credentials = stackalloc byte[UcredBytes];
        socket.GetRawSocketOption(SOL_SOCKET, SO_PEERCRED, credentials);
        return RunningProcess.TryOpen(MemoryMarshal.Read<int>(credentials));
    }
}
