using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Godwit.Native.Packets;

/// <summary>The calls of libc by which frames come and go, whatever kind of socket they pass, and their constants.</summary>
internal static partial class FrameCalls
{
    /// <summary>sys/socket.h.</summary>
    public const int MSG_DONTWAIT = 0x40, MSG_NOSIGNAL = 0x4000;

    /// <summary>poll.h.</summary>
    public const short POLLIN = 1, POLLOUT = 4, POLLERR = 8;

    [LibraryImport("libc", SetLastError = true)]
    public static unsafe partial int recvmmsg(SafeFileHandle fd, MMsgHdr* messages, uint count, int flags, nint timeout);

    [LibraryImport("libc", SetLastError = true)]
    public static unsafe partial int sendmmsg(SafeFileHandle fd, MMsgHdr* messages, uint count, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static unsafe partial int poll(PollFd* descriptors, nuint count, int timeoutMs);
}
