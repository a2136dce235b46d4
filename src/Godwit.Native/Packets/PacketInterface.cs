using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Godwit.Native.Packets;

/// <summary>A network interface as netdevice(7) tells of it.</summary>
/// <param name="Address">Ethernet address, six bytes.</param>
/// <param name="Mtu">Greatest payload of a frame, in bytes.</param>
/// <param name="Up">Whether it is administratively up.</param>
public sealed partial record PacketInterface(string Name, int Index, ReadOnlyMemory<byte> Address, int Mtu, bool Up)
{
    private const nuint SIOCGIFFLAGS = 0x8913, SIOCGIFMTU = 0x8921, SIOCGIFHWADDR = 0x8927, SIOCGIFINDEX = 0x8933;
    private const int IFF_UP = 1;
    private const int AF_UNIX = 1, SOCK_DGRAM = 2, SOCK_CLOEXEC = 0x80000;

    /// <summary>Looks an interface up in the network namespace of the calling thread.</summary>
    /// <exception cref="NativeException">There is none of that name.</exception>
    public static PacketInterface Find(string name)
    {
        using var socket = OpenFor(name);
        var index = Ask<int>(socket, name, SIOCGIFINDEX);
        var mtu = Ask<int>(socket, name, SIOCGIFMTU);
        var flags = Ask<short>(socket, name, SIOCGIFFLAGS);
        // struct sockaddr: two bytes of family, then the address.
        var hardware = Ask<ulong>(socket, name, SIOCGIFHWADDR);
        var address = MemoryMarshal.AsBytes(new ReadOnlySpan<ulong>(ref hardware));
        return new PacketInterface(name, index, address.Slice(2, 6).ToArray(), mtu, (flags & IFF_UP) != 0);
    }

    /// <summary>Greatest payload of a frame on the interface of that name, in bytes.</summary>
    /// <exception cref="NativeException">There is none of that name.</exception>
    public static int FindMtu(string name)
    {
        using var socket = OpenFor(name);
        return Ask<int>(socket, name, SIOCGIFMTU);
    }

    private static SafeFileHandle OpenFor(string name) => name.Length > 0 && Encoding.UTF8.GetByteCount(name) < IfReq.NameLength
        ? new SafeFileHandle(SystemCall.Run("socket", 0, _ => socket_(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)), ownsHandle: true)
        : throw new NativeException($"interface '{name}'", Errno.ENODEV);

    private static unsafe T Ask<T>(SafeFileHandle socket, string name, nuint request) where T : unmanaged
    {
        IfReq ifreq = default;
        Encoding.UTF8.GetBytes(name, new Span<byte>(ifreq.Name, IfReq.NameLength));
        if (ioctl(socket, request, ref ifreq) < 0) throw NativeException.Last($"interface '{name}'");
        return *(T*)ifreq.Value;
    }

    [LibraryImport("libc", EntryPoint = "socket", SetLastError = true)]
    private static partial int socket_(int domain, int type, int protocol);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ioctl(SafeFileHandle fd, nuint request, ref IfReq ifreq);
}
