using System.Runtime.InteropServices;
using Godwit.Native.Packets;
using Microsoft.Win32.SafeHandles;

namespace Godwit.Native.Network;

/// <summary>
/// The forwarding table of bridges, changed over rtnetlink(7) as <c>bridge fdb</c> does. The namespace is that of the
/// calling thread.
/// </summary>
public static partial class ForwardingTable
{
    // One request: struct nlmsghdr { u32 len; u16 type, flags; u32 seq, pid },
    // struct ndmsg { u8 family, pad; u16 pad; s32 ifindex; u16 state; u8 flags, type },
    // struct rtattr { u16 len, type }, then the six bytes of the address and two of padding.
    private const int HeaderLength = 16, NeighbourLength = 12, AttributeLength = 4, AddressLength = 6;
    private const int RequestLength = HeaderLength + NeighbourLength + AttributeLength + AddressLength + 2;
    private const int TypeOffset = 4, FlagsOffset = 6, IndexOffset = HeaderLength + 4, StateOffset = HeaderLength + 8;
    private const int EntryFlagsOffset = HeaderLength + 10, AttributeOffset = HeaderLength + NeighbourLength;

    private const ushort RTM_NEWNEIGH = 28, RTM_DELNEIGH = 29, NLMSG_ERROR = 2, NDA_LLADDR = 2;
    private const ushort NLM_F_REQUEST = 1, NLM_F_ACK = 4, NLM_F_REPLACE = 0x100, NLM_F_CREATE = 0x400;
    private const byte NTF_MASTER = 4;
    private const int AF_NETLINK = 16, SOCK_RAW = 3, SOCK_CLOEXEC = 0x80000, NETLINK_ROUTE = 0, AF_BRIDGE = 7;
    private const int ENOENT = 2;

    // include/uapi/linux/neighbour.h: one ages, and moves when the address is seen on another port; the other stays.
    private const ushort NUD_REACHABLE = 0x02, NUD_NOARP = 0x40;

    /// <summary>Has an address stay at a port, whatever is seen elsewhere, in place of what the bridge knows of it: <c>static</c> in bridge(8).</summary>
    /// <exception cref="NativeException">The interface is not there or no port of a bridge, or CAP_NET_ADMIN is missing.</exception>
    public static void Pin(string port, ReadOnlySpan<byte> address) => Set(port, address, NUD_NOARP);

    /// <summary>Makes the entry of an address as if the bridge had learned it.</summary>
    /// <exception cref="NativeException">As with <see cref="Pin"/>.</exception>
    public static void Unpin(string port, ReadOnlySpan<byte> address)
    {
        try
        {
            Set(port, address, NUD_REACHABLE);
        }
        catch (NativeException e) when (e.Errno == Errno.EPERM)
        {
            // A port that does not forward yet, for its guest has still to connect, learns nothing: the guest's first frame will tell.
            Remove(port, address);
        }
    }

    /// <summary>Removes the entry of an address at a port; harmless when there is none.</summary>
    public static void Remove(string port, ReadOnlySpan<byte> address)
    {
        try
        {
            Change(port, address, RTM_DELNEIGH, 0, NUD_NOARP, $"remove an address from '{port}'");
        }
        catch (NativeException e) when (e.Errno is ENOENT or Errno.ENODEV)
        {
            // Gone already, or the port is, and its entries with it.
        }
    }

    private static void Set(string port, ReadOnlySpan<byte> address, ushort state) =>
        Change(port, address, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, state, $"set an address to '{port}'");

    private static void Change(
        string port, ReadOnlySpan<byte> address, ushort type, int flags, ushort state, string operation)
    {
        Span<byte> message = stackalloc byte[RequestLength];
        message.Clear();
        MemoryMarshal.Write(message, RequestLength);
        MemoryMarshal.Write(message[TypeOffset..], type);
        MemoryMarshal.Write(message[FlagsOffset..], (ushort)(NLM_F_REQUEST | NLM_F_ACK | flags));
        message[HeaderLength] = AF_BRIDGE;
        MemoryMarshal.Write(message[IndexOffset..], PacketInterface.Find(port).Index);
        MemoryMarshal.Write(message[StateOffset..], state);
        message[EntryFlagsOffset] = NTF_MASTER;
        MemoryMarshal.Write(message[AttributeOffset..], (ushort)(AttributeLength + AddressLength));
        MemoryMarshal.Write(message[(AttributeOffset + 2)..], NDA_LLADDR);
        address[..AddressLength].CopyTo(message[(AttributeOffset + AttributeLength)..]);
        Exchange(message.ToArray(), operation);
    }

    private static void Exchange(byte[] message, string operation)
    {
        using var handle = new SafeFileHandle(
            SystemCall.Run("netlink socket", 0, _ => socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE)), ownsHandle: true);
        // An unconnected netlink socket sends to the kernel.
        SystemCall.Run(operation, message, m => (int)send(handle, m, (nuint)m.Length, 0));
        var answer = new byte[4096];
        var length = SystemCall.Run(operation, answer, a => (int)recv(handle, a, (nuint)a.Length, 0));
        // struct nlmsgerr follows the header: a negative errno, 0 for success.
        if (length < HeaderLength + sizeof(int) || MemoryMarshal.Read<ushort>(answer.AsSpan(TypeOffset)) != NLMSG_ERROR)
            throw new IOException($"{operation}: the kernel's answer makes no sense");
        var error = MemoryMarshal.Read<int>(answer.AsSpan(HeaderLength));
        if (error != 0) throw new NativeException(operation, -error);
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int socket(int domain, int type, int protocol);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint send(SafeFileHandle fd, byte[] message, nuint length, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint recv(SafeFileHandle fd, byte[] buffer, nuint length, int flags);
}
