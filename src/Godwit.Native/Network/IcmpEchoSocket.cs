using System.Buffers.Binary;
using System.ComponentModel;
using System.Net;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Godwit.Native.Network;

/// <summary>
/// Sends ICMP echo requests and receives the replies with the kernel's time stamp of their arrival, which the load of
/// the machine does not delay as it would a clock read by this program. Belongs to the network namespace of the thread
/// that opened it. Sending and receiving may go on at the same time, each from one thread.
/// </summary>
/// <code>
/// Echo, RFC 792:  0 type (8 request, 0 reply)   1 code 0    2 checksum   4 identifier   6 sequence number   8 data
/// Data here:      8 number, 32 bit (the sequence number is its lower half)
/// A raw socket gives the IPv4 header before it, whose length is in the lower nibble of its first byte, in words.
/// </code>
public sealed unsafe partial class IcmpEchoSocket : IDisposable
{
    private const int AF_INET = 2, SOCK_RAW = 3, SOCK_CLOEXEC = 0x80000, IPPROTO_ICMP = 1;
    private const int SOL_SOCKET = 1, SO_RCVTIMEO = 20, SO_RCVBUF = 8, SO_TIMESTAMPNS = 35;
    private const int EINTR = 4, EAGAIN = 11, ENETUNREACH = 101, EHOSTDOWN = 112, EHOSTUNREACH = 113, ENOBUFS = 105;
    private const int HeaderBytes = 8, MessageBytes = 64;
    private const byte EchoRequest = 8, EchoReply = 0;

    private readonly SafeFileHandle _socket;
    private readonly ushort _identifier;
    private readonly uint _target;

    private IcmpEchoSocket(SafeFileHandle socket, ushort identifier, uint target) =>
        (_socket, _identifier, _target) = (socket, identifier, target);

    /// <param name="target">IPv4 address.</param>
    /// <param name="identifier">Tells these replies from those to other programs.</param>
    /// <exception cref="Win32Exception">No right to open a raw socket (CAP_NET_RAW).</exception>
    public static IcmpEchoSocket Open(IPAddress target, ushort identifier)
    {
        var descriptor = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP);
        if (descriptor < 0) throw new Win32Exception(Marshal.GetLastPInvokeError());
        var handle = new SafeFileHandle(descriptor, ownsHandle: true);
        int on = 1, buffer = 1 << 20;
        var patience = new Timespec { Nanoseconds = 100_000 }; // a timeval: 100 ms in microseconds
        Check(setsockopt(handle, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(int)));
        Check(setsockopt(handle, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof(int)));
        Check(setsockopt(handle, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(Timespec)));
        return new(handle, identifier, MemoryMarshal.Read<uint>(target.GetAddressBytes()));
    }

    /// <summary>Sends the request of this number.</summary>
    /// <returns>False when the network would not take it now: that request is as good as lost.</returns>
    /// <exception cref="Win32Exception">Another error.</exception>
    public bool Send(uint number)
    {
        Span<byte> message = stackalloc byte[MessageBytes];
        message.Clear();
        message[0] = EchoRequest;
        BinaryPrimitives.WriteUInt16BigEndian(message[4..], _identifier);
        BinaryPrimitives.WriteUInt16BigEndian(message[6..], (ushort)number);
        BinaryPrimitives.WriteUInt32BigEndian(message[HeaderBytes..], number);
        BinaryPrimitives.WriteUInt16BigEndian(message[2..], InternetChecksum.Of(message));
        var to = new SocketAddress4 { Family = AF_INET, Address = _target };
        fixed (byte* bytes = message)
        {
            while (sendto(_socket, bytes, message.Length, 0, &to, sizeof(SocketAddress4)) < 0)
            {
                var error = Marshal.GetLastPInvokeError();
                if (error is ENETUNREACH or EHOSTUNREACH or EHOSTDOWN or ENOBUFS or EAGAIN) return false;
                if (error != EINTR) throw new Win32Exception(error);
            }
        }
        return true;
    }

    /// <summary>Waits up to 100 ms for a reply to one of our requests.</summary>
    /// <param name="number">Number of the request.</param>
    /// <param name="arrival">Time of arrival, CLOCK_REALTIME in nanoseconds since 1970.</param>
    /// <returns>False when there was none, or something else came.</returns>
    /// <exception cref="Win32Exception">The socket does not work.</exception>
    public bool TryReceive(out uint number, out long arrival)
    {
        number = 0;
        arrival = 0;
        var packet = stackalloc byte[1500];
        var control = stackalloc byte[64];
        var vector = new IoVector { Base = packet, Length = 1500 };
        var header = new MessageHeader { Vectors = &vector, VectorCount = 1, Control = control, ControlLength = 64 };
        var received = recvmsg(_socket, &header, 0);
        if (received < 0)
        {
            var error = Marshal.GetLastPInvokeError();
            return error is EAGAIN or EINTR ? false : throw new Win32Exception(error);
        }
        var span = new ReadOnlySpan<byte>(packet, (int)received);
        if (span.Length < 20) return false;
        var message = span[Math.Min(span.Length, (span[0] & 0xF) * 4)..];
        if (message.Length < HeaderBytes + 4 || message[0] != EchoReply
            || BinaryPrimitives.ReadUInt16BigEndian(message[4..]) != _identifier) return false;
        number = BinaryPrimitives.ReadUInt32BigEndian(message[HeaderBytes..]);
        return TryReadTime(new ReadOnlySpan<byte>(control, (int)header.ControlLength), out arrival);
    }

    public void Dispose() => _socket.Dispose();

    /// <summary>struct cmsghdr: 0 length, 8 level, 12 type, 16 data; here a struct timespec of two 64-bit words.</summary>
    private static bool TryReadTime(ReadOnlySpan<byte> control, out long nanoseconds)
    {
        nanoseconds = 0;
        if (control.Length < 32 || MemoryMarshal.Read<int>(control[8..]) != SOL_SOCKET
            || MemoryMarshal.Read<int>(control[12..]) != SO_TIMESTAMPNS) return false;
        var time = MemoryMarshal.Read<Timespec>(control[16..]);
        nanoseconds = time.Seconds * 1_000_000_000 + time.Nanoseconds;
        return true;
    }

    private static void Check(int result)
    {
        if (result != 0) throw new Win32Exception(Marshal.GetLastPInvokeError());
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Timespec
    {
        public long Seconds, Nanoseconds;
    }

    [StructLayout(LayoutKind.Sequential, Size = 16)]
    private struct SocketAddress4
    {
        public ushort Family, Port;
        public uint Address;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct IoVector
    {
        public byte* Base;
        public nint Length;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct MessageHeader
    {
        public void* Name;
        public uint NameLength;
        public IoVector* Vectors;
        public nint VectorCount;
        public byte* Control;
        public nint ControlLength;
        public int Flags;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int socket(int domain, int type, int protocol);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setsockopt(SafeFileHandle fd, int level, int name, void* value, int length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint sendto(
        SafeFileHandle fd, byte* buffer, nint length, int flags, SocketAddress4* to, int toLength);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint recvmsg(SafeFileHandle fd, MessageHeader* message, int flags);
}
