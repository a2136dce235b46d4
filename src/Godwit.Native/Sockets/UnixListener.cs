using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Godwit.Native.Sockets;

/// <summary>
/// Makes a listening Unix socket to be handed to another program. .NET's own listener removes its file when it is
/// closed; this one leaves it to the program that got the descriptor. Only the socket's owner, which is this process's
/// user until it is given away, may connect: there is no moment at which another could. It does not wait in accept(2):
/// a program that looks at it from two threads, as QEMU does for a moment when it starts, would have one of them stand
/// there until somebody else connects.
/// </summary>
public static partial class UnixListener
{
    /// <summary>unix(7): <c>sun_path</c> has room for 108 bytes with the closing zero.</summary>
    public const int LongestPath = 107;

    private const int AF_UNIX = 1, SOCK_STREAM = 1, SOCK_SEQPACKET = 5, SOCK_NONBLOCK = 0x800, SOCK_CLOEXEC = 0x80000;
    private const int PathOffset = 2;
    private const uint OwnerAlone = 0x180; // 0600

    /// <exception cref="NativeException">The path cannot be bound, because it is there already or may not be written.</exception>
    public static SafeFileHandle Listen(string path) => Listen(path, SOCK_STREAM);

    /// <summary>The same for a socket that keeps packets apart (SOCK_SEQPACKET).</summary>
    internal static SafeFileHandle ListenForPackets(string path) => Listen(path, SOCK_SEQPACKET);

    /// <summary>Null where nobody listens, or has room for one more.</summary>
    internal static SafeFileHandle? TryConnectForPackets(string path)
    {
        var address = Address(path, out var length);
        var handle = new SafeFileHandle(
            SystemCall.Run("socket", 0, _ => socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)), ownsHandle: true);
        if (connect(handle, address, length) == 0)
            return handle;
        handle.Dispose();
        return null;
    }

    private static byte[] Address(string path, out int length)
    {
        var address = new byte[PathOffset + LongestPath + 1];
        address[0] = AF_UNIX;
        if (Encoding.UTF8.GetByteCount(path) > LongestPath)
            throw new ArgumentException($"'{path}' is longer than a Unix socket's path may be ({LongestPath} bytes).", nameof(path));
        length = PathOffset + Encoding.UTF8.GetBytes(path, address.AsSpan(PathOffset)) + 1;
        return address;
    }

    private static SafeFileHandle Listen(string path, int type)
    {
        var address = Address(path, out var length);
        var handle = new SafeFileHandle(
            SystemCall.Run("socket", 0, _ => socket(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)), ownsHandle: true);
        // Linux gives the file that bind makes the mode that the socket has (net/unix/af_unix.c, unix_bind_bsd).
        if (fchmod(handle, OwnerAlone) < 0 || bind(handle, address, length) < 0 || listen(handle, 8) < 0)
        {
            var failure = NativeException.Last($"listen on '{path}'");
            handle.Dispose();
            throw failure;
        }
        return handle;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int socket(int domain, int type, int protocol);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fchmod(SafeFileHandle fd, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int bind(SafeFileHandle fd, byte[] address, int length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int connect(SafeFileHandle fd, byte[] address, int length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int listen(SafeFileHandle fd, int backlog);
}
