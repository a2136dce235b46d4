using System.Runtime.InteropServices;
using Godwit.Native.Sockets;
using Microsoft.Win32.SafeHandles;
using static Godwit.Native.Packets.FrameCalls;

namespace Godwit.Native.Packets;

/// <summary>
/// A line between two processes of a host that carries whole frames, as a packet socket does over a network: a Unix socket of
/// type SOCK_SEQPACKET. One thread receives; others may send, each with a batch of its own.
/// </summary>
public sealed partial class FrameConnection : IDisposable
{
    /// <summary>How long frames that find no room wait for it: the other side is busy with those before.</summary>
    private const int SendPatienceMs = 100;
    private readonly SafeFileHandle _socket;

    private FrameConnection(SafeFileHandle socket) => _socket = socket;

    /// <summary>Null where nobody listens at the path.</summary>
    public static FrameConnection? TryConnect(string path) => UnixListener.TryConnectForPackets(path) is { } socket ? new FrameConnection(socket) : null;

    /// <summary>The next of those that connected; null when there is none.</summary>
    internal static FrameConnection? TryAccept(SafeFileHandle listener)
    {
        const int SOCK_NONBLOCK = 0x800, SOCK_CLOEXEC = 0x80000;
        var accepted = accept4(listener, 0, 0, SOCK_NONBLOCK | SOCK_CLOEXEC);
        return accepted < 0 ? null : new FrameConnection(new SafeFileHandle(accepted, ownsHandle: true));
    }

    internal SafeFileHandle Handle => _socket;

    /// <summary>Takes the frames that are there and fit, if any; they stay until the next call.</summary>
    /// <returns>False: the other side has closed the line.</returns>
    public unsafe bool Receive(PacketBatch batch)
    {
        batch.Clear();
        var headers = batch.PrepareReceive();
        while (true)
        {
            int count;
            fixed (MMsgHdr* first = headers) count = recvmmsg(_socket, first, (uint)headers.Length, MSG_DONTWAIT, 0);
            if (count < 0)
            {
                switch (Marshal.GetLastPInvokeError())
                {
                    case Errno.EINTR: continue;
                    case Errno.EAGAIN: return true;
                    default: return false;
                }
            }
            // The end of the line is received as frames without a byte, as many as fit; no other frame is empty.
            var frames = 0;
            while (frames < count && headers[frames].Length > 0) frames++;
            batch.Received(frames);
            return frames > 0;
        }
    }

    /// <summary>
    /// Sends the frames of a batch, which stays as it is. Those that lend what cannot be read are noted in the batch.
    /// </summary>
    /// <returns>Frames that found no room, or nobody at the other end.</returns>
    public unsafe int Send(PacketBatch batch)
    {
        var headers = batch.PrepareSend(headBytes: 0);
        var (dropped, waited) = (0, false);
        while (headers.Length > 0)
        {
            int sent;
            fixed (MMsgHdr* first = headers) sent = sendmmsg(_socket, first, (uint)headers.Length, MSG_DONTWAIT | MSG_NOSIGNAL);
            if (sent > 0)
            {
                headers = headers[sent..];
                continue;
            }
            switch (Marshal.GetLastPInvokeError())
            {
                case Errno.EINTR:
                    continue;
                case Errno.EFAULT when batch.NoteUnreadable(batch.Count - headers.Length):
                    break;
                case Errno.EAGAIN when !waited:
                    waited = !WaitForRoom();
                    continue;
                default:
                    dropped++;
                    break;
            }
            headers = headers[1..];
        }
        return dropped;
    }

    public void Dispose() => _socket.Dispose();

    /// <summary>Waits until one of some sockets has something, the signal is set (which is cleared then) or the time is over.</summary>
    internal static unsafe void Wait(IReadOnlyList<SafeFileHandle> sockets, EventSignal wake, int timeoutMs)
    {
        var polls = stackalloc PollFd[sockets.Count + 1];
        for (var i = 0; i < sockets.Count; i++) polls[i] = new PollFd { Descriptor = (int)sockets[i].DangerousGetHandle(), Events = POLLIN };
        polls[sockets.Count] = new PollFd { Descriptor = (int)wake.Handle.DangerousGetHandle(), Events = POLLIN };
        if (poll(polls, (nuint)sockets.Count + 1, timeoutMs) > 0 && polls[sockets.Count].Returned != 0) wake.Clear();
    }

    private unsafe bool WaitForRoom()
    {
        var polled = new PollFd { Descriptor = (int)_socket.DangerousGetHandle(), Events = POLLOUT };
        return poll(&polled, 1, SendPatienceMs) > 0;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int accept4(SafeFileHandle fd, nint address, nint length, int flags);
}
