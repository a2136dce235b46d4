using System.Runtime.InteropServices;

namespace Godwit.Native.Packets;

// Names and order as in the headers of Linux; sizes are those of 64-bit systems and held by a test.

/// <summary>linux/if_packet.h <c>struct sockaddr_ll</c>.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 4)]
internal struct SockaddrLl
{
    public ushort Family;
    public ushort Protocol;
    public int IfIndex;
    public ushort HaType;
    public byte PktType;
    public byte HaLen;
    public ulong Address;
}

/// <summary>bits/types/struct_iovec.h <c>struct iovec</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct IoVector
{
    public nint Base;
    public nuint Length;
}

/// <summary>bits/socket.h <c>struct msghdr</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct MsgHdr
{
    public nint Name;
    public uint NameLength;
    public nint Vectors;
    public nuint VectorCount;
    public nint Control;
    public nuint ControlLength;
    public int Flags;
}

/// <summary>sys/socket.h <c>struct mmsghdr</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct MMsgHdr
{
    public MsgHdr Header;
    public uint Length;
}

/// <summary>linux/filter.h <c>struct sock_fprog</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct SockFprog
{
    public ushort Length;
    public nint Filter;
}

/// <summary>linux/if_packet.h <c>struct tpacket_stats</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct PacketStatistics
{
    public uint Packets;
    public uint Drops;
}

/// <summary>poll.h <c>struct pollfd</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct PollFd
{
    public int Descriptor;
    public short Events;
    public short Returned;
}

/// <summary>net/if.h <c>struct ifreq</c>: the name, then a union of which the first 16 bytes are used here.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct IfReq
{
    public const int NameLength = 16;
    public fixed byte Name[NameLength];
    public fixed byte Value[24];
}
