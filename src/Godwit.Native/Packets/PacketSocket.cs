using System.Buffers.Binary;
using System.Diagnostics;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using static Godwit.Native.Packets.FrameCalls;

namespace Godwit.Native.Packets;

/// <summary>
/// A packet(7) socket for whole Ethernet frames of one EtherType on one interface. One thread receives; any may send
/// or <see cref="Wake"/>, but no two with the same batch. It belongs to the network namespace it was opened in.
/// </summary>
public sealed partial class PacketSocket : IDisposable
{
    private const int AF_PACKET = 17, SOCK_RAW = 3, SOCK_NONBLOCK = 0x800, SOCK_CLOEXEC = 0x80000;
    private const int SOL_SOCKET = 1, SO_ERROR = 4, SO_ATTACH_FILTER = 26, SO_SNDBUFFORCE = 32, SO_RCVBUFFORCE = 33;
    private const int SOL_PACKET = 263, PACKET_STATISTICS = 6, PACKET_VNET_HDR = 15, PACKET_QDISC_BYPASS = 20;
    private const nuint SIOCGSTAMPNS = 0x8907;

    /// <summary>How long the sends of a batch wait for room before frames are given up, as a full switch would.</summary>
    private const int SendPatienceMs = 100;

    private readonly SafeFileHandle _socket;
    private readonly SafeFileHandle _sender;
    private readonly int _headBytes;
    private readonly EventSignal _wake = new();
    private readonly Lock _statistics = new();
    private readonly SpinWatch? _spin;
    private readonly PacketRing? _ring;
    private long _dropped;
    private long _receiveDropped;
    private long _tooLong;

    private PacketSocket(SafeFileHandle socket, SafeFileHandle sender, PacketInterface @interface, PacketRing? ring, PacketSocketOptions options)
    {
        (_socket, _sender, _headBytes) = (socket, sender, options.HeadBytes);
        _ring = ring;
        _spin = options.Spins && Environment.ProcessorCount > 1 ? new SpinWatch() : null;
        Interface = @interface;
    }

    /// <summary>The interface as it was when the socket was opened.</summary>
    public PacketInterface Interface { get; }

    /// <summary>Frames that were not sent, because there was no room or the interface was down.</summary>
    public long Dropped => Interlocked.Read(ref _dropped);

    /// <summary>Frames that came and found the room for those that wait full.</summary>
    public unsafe long ReceiveDropped
    {
        get
        {
            // The kernel counts from the last question on.
            lock (_statistics)
            {
                PacketStatistics counted = default;
                var length = sizeof(PacketStatistics);
                if (getsockopt(_socket, SOL_PACKET, PACKET_STATISTICS, &counted, ref length) == 0) _receiveDropped += counted.Drops;
                return _receiveDropped;
            }
        }
    }

    /// <summary>Frames that came and were longer than the room for one.</summary>
    public long TooLong => Volatile.Read(ref _tooLong) + (_ring?.TooLong ?? 0);

    /// <summary>Whether the interface is still the one that was opened. One that has gone does not come back, though another may have its name.</summary>
    public bool IsBound
    {
        get
        {
            SockaddrLl address = default;
            var length = Marshal.SizeOf<SockaddrLl>();
            return getsockname(_socket, ref address, ref length) == 0 && address.IfIndex == Interface.Index;
        }
    }

    /// <summary>The interface's MTU as it is now; null when it is gone.</summary>
    public int? FindMtu()
    {
        try
        {
            return PacketInterface.FindMtu(Interface.Name);
        }
        catch (NativeException)
        {
            return null;
        }
    }

    /// <summary>The interface of that name as it is now; null when there is none.</summary>
    public PacketInterface? FindInterface()
    {
        try
        {
            return PacketInterface.Find(Interface.Name);
        }
        catch (NativeException)
        {
            return null;
        }
    }

    /// <exception cref="NativeException">No such interface, or no right (CAP_NET_RAW) to open it.</exception>
    public static PacketSocket Open(string interfaceName, PacketSocketOptions options)
    {
        var found = PacketInterface.Find(interfaceName);
        // Protocol 0 receives nothing: no frame comes in before the filter stands.
        var handle = OpenRaw();
        SafeFileHandle? sender = null;
        PacketRing? ring = null;
        try
        {
            Attach(handle, options.Filter);
            SetOption(handle, SOL_SOCKET, SO_RCVBUFFORCE, options.ReceiveBufferBytes, "SO_RCVBUFFORCE");
            ring = options.Ring is { } size ? PacketRing.Open(handle, size) : null;
            // What is received would come with such a header too: a socket that only sends has it.
            sender = options.HeadBytes > 0 ? OpenRaw() : handle;
            if (options.HeadBytes > 0) SetOption(sender, SOL_PACKET, PACKET_VNET_HDR, 1, "PACKET_VNET_HDR");
            SetOption(sender, SOL_SOCKET, SO_SNDBUFFORCE, options.SendBufferBytes, "SO_SNDBUFFORCE");
            if (options.BypassQueueing) SetOption(sender, SOL_PACKET, PACKET_QDISC_BYPASS, 1, "PACKET_QDISC_BYPASS");
            if (sender != handle) Bind(sender, found, etherType: 0);
            Bind(handle, found, options.EtherType);
            return new PacketSocket(handle, sender, found, ring, options);
        }
        catch
        {
            ring?.Dispose();
            sender?.Dispose();
            handle.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Waits for frames and takes all that are there and fit; they stay until the next call. Comes back with none when the
    /// time is over, after <see cref="Wake"/>, and when the interface went down.
    /// </summary>
    /// <param name="timeoutMs">Milliseconds; 0 does not wait, -1 waits for ever.</param>
    public void Receive(PacketBatch batch, int timeoutMs)
    {
        batch.Clear();
        if (TryReceive(batch) || timeoutMs == 0) return;
        if (_spin is null)
        {
            if (Poll(POLLIN, timeoutMs, orWake: true)) TryReceive(batch);
            return;
        }
        _spin.Begin();
        while (_spin.GoesOn())
        {
            if (!TryReceive(batch)) continue;
            _spin.End();
            return;
        }
        if (Poll(POLLIN, timeoutMs, orWake: true)) TryReceive(batch);
        _spin.End();
    }

    /// <summary>From now on the kernel notes when a frame came.</summary>
    public void NoteTimes() => _ = ReadTime();

    /// <summary>When the frame came that was received last, by the clock of this host.</summary>
    public DateTimeOffset LastCame => ReadTime();

    /// <summary>Ends a wait in <see cref="Receive"/>, or the next one.</summary>
    public void Wake() => _wake.Set();

    /// <summary>
    /// Sends the frames of a batch, which stays as it is. Frames that find no room are dropped and counted: the
    /// protocols above send again. Those that lend what cannot be read are noted in the batch.
    /// </summary>
    public unsafe void Send(PacketBatch batch)
    {
        var headers = batch.PrepareSend(_headBytes);
        var patience = SendPatienceMs;
        while (headers.Length > 0)
        {
            int sent;
            fixed (MMsgHdr* first = headers) sent = sendmmsg(_sender, first, (uint)headers.Length, MSG_DONTWAIT);
            if (sent > 0)
            {
                headers = headers[sent..];
                continue;
            }
            var errno = Marshal.GetLastPInvokeError();
            if (errno == Errno.EINTR) continue;
            if (errno == Errno.EFAULT && batch.NoteUnreadable(batch.Count - headers.Length))
            {
                headers = headers[1..];
                continue;
            }
            if (errno == Errno.EAGAIN && WaitForRoom(ref patience)) continue;
            if (errno is not (Errno.EAGAIN or Errno.ENOBUFS or Errno.ENETDOWN or Errno.ENXIO or Errno.EMSGSIZE))
                throw new NativeException($"send on interface '{Interface.Name}'", errno);
            Interlocked.Increment(ref _dropped);
            headers = headers[1..];
        }
    }

    private DateTimeOffset ReadTime()
    {
        // Asking is what makes it note them; before the first there is none.
        Span<long> time = [0, 0];
        return ioctl(_socket, SIOCGSTAMPNS, ref time[0]) < 0 ? default : DateTimeOffset.FromUnixTimeSeconds(time[0]).AddTicks(time[1] / 100);
    }

    public void Dispose()
    {
        _ring?.Dispose();
        _sender.Dispose();
        _socket.Dispose();
        _wake.Dispose();
    }

    // All of a batch has the patience of one frame: who asks between batches is not held up by an interface that is stuck.
    private bool WaitForRoom(ref int patienceMs)
    {
        if (patienceMs <= 0) return false;
        var began = Stopwatch.GetTimestamp();
        var room = Poll(POLLOUT, patienceMs, orWake: false);
        patienceMs -= (int)Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        return room;
    }

    private unsafe bool TryReceive(PacketBatch batch)
    {
        if (_ring is not null) return _ring.TryReceive(batch);
        var headers = batch.PrepareReceive();
        while (true)
        {
            int count;
            fixed (MMsgHdr* first = headers) count = recvmmsg(_socket, first, (uint)headers.Length, MSG_DONTWAIT, 0);
            if (count > 0)
            {
                _tooLong += batch.Received(count);
                return true;
            }
            switch (Marshal.GetLastPInvokeError())
            {
                case Errno.EINTR:
                    continue;
                // A link that went down is told once; frames come again when it is back.
                case Errno.EAGAIN or Errno.ENETDOWN:
                    return false;
                case var errno:
                    throw new NativeException($"receive on interface '{Interface.Name}'", errno);
            }
        }
    }

    private unsafe bool Poll(short events, int timeoutMs, bool orWake)
    {
        var polls = stackalloc PollFd[2];
        var polled = events == POLLOUT ? _sender : _socket;
        polls[0] = new PollFd { Descriptor = (int)polled.DangerousGetHandle(), Events = events };
        polls[1] = new PollFd { Descriptor = (int)_wake.Handle.DangerousGetHandle(), Events = POLLIN };
        // A signal ends the wait early: the caller looks at its state and comes back.
        if (poll(polls, orWake ? 2u : 1u, timeoutMs) <= 0) return false;
        if (polls[1].Returned != 0) _wake.Clear();
        // A link that went down is told once. Who receives by calls hears of it there; else it is to be asked for, or no wait lasts.
        if (_ring is not null && (polls[0].Returned & POLLERR) != 0) ClearError();
        return polls[0].Returned != 0;
    }

    private unsafe void ClearError()
    {
        var (error, length) = (0, sizeof(int));
        _ = getsockopt(_socket, SOL_SOCKET, SO_ERROR, &error, ref length);
    }

    private static SafeFileHandle OpenRaw() =>
        new(SystemCall.Run("packet socket", 0, _ => socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)), ownsHandle: true);

    private static void Bind(SafeFileHandle socket, PacketInterface to, ushort etherType)
    {
        var address = new SockaddrLl
        {
            Family = AF_PACKET,
            Protocol = BinaryPrimitives.ReverseEndianness(etherType),
            IfIndex = to.Index,
        };
        if (bind(socket, in address, Marshal.SizeOf<SockaddrLl>()) < 0) throw NativeException.Last($"bind to interface '{to.Name}'");
    }

    private static unsafe void Attach(SafeFileHandle socket, IReadOnlyList<BpfInstruction> filter)
    {
        if (filter.Count == 0) return;
        fixed (BpfInstruction* first = filter.ToArray())
        {
            var program = new SockFprog { Length = (ushort)filter.Count, Filter = (nint)first };
            if (setsockopt(socket, SOL_SOCKET, SO_ATTACH_FILTER, &program, (uint)sizeof(SockFprog)) < 0)
                throw NativeException.Last("SO_ATTACH_FILTER");
        }
    }

    private static unsafe void SetOption(SafeFileHandle socket, int level, int option, int value, string name)
    {
        if (setsockopt(socket, level, option, &value, sizeof(int)) < 0) throw NativeException.Last(name);
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ioctl(SafeFileHandle fd, nuint request, ref long value);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int socket(int domain, int type, int protocol);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int bind(SafeFileHandle fd, in SockaddrLl address, int length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int getsockname(SafeFileHandle fd, ref SockaddrLl address, ref int length);

    [LibraryImport("libc", SetLastError = true)]
    private static unsafe partial int setsockopt(SafeFileHandle fd, int level, int option, void* value, uint length);

    [LibraryImport("libc", SetLastError = true)]
    private static unsafe partial int getsockopt(SafeFileHandle fd, int level, int option, void* value, ref int length);
}
