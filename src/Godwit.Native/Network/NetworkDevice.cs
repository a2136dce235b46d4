using System.Runtime.InteropServices;
using System.Text;
using Godwit.Native.Packets;
using Microsoft.Win32.SafeHandles;

namespace Godwit.Native.Network;

/// <summary>Settings of network interfaces, by the ioctls of netdevice(7), in the namespace of the calling thread.</summary>
public static partial class NetworkDevice
{
    private const nuint SIOCGIFFLAGS = 0x8913, SIOCSIFFLAGS = 0x8914, SIOCSIFMTU = 0x8922, SIOCSIFHWADDR = 0x8924;
    private const nuint SIOCBRADDIF = 0x89a2;
    private const short IFF_UP = 1;
    private const ushort ARPHRD_ETHER = 1;
    private const int AF_UNIX = 1, SOCK_DGRAM = 2, SOCK_CLOEXEC = 0x80000;

    public static unsafe void SetMtu(string name, int bytes) =>
        Set(name, SIOCSIFMTU, value => *(int*)value = bytes);

    /// <param name="name">The interface, which must be down.</param>
    /// <param name="address">Six bytes.</param>
    public static unsafe void SetAddress(string name, ReadOnlyMemory<byte> address) =>
        Set(name, SIOCSIFHWADDR, value =>
        {
            // struct sockaddr: two bytes of family, then the address.
            *(ushort*)value = ARPHRD_ETHER;
            address.Span.CopyTo(new Span<byte>((byte*)value + 2, 6));
        });

    public static unsafe void SetUp(string name)
    {
        short flags = 0;
        using var socket = OpenSocket();
        var request = Named(name);
        if (ioctl(socket, SIOCGIFFLAGS, ref request) < 0) throw NativeException.Last($"interface '{name}'");
        flags = (short)(*(short*)request.Value | IFF_UP);
        *(short*)request.Value = flags;
        if (ioctl(socket, SIOCSIFFLAGS, ref request) < 0) throw NativeException.Last($"set interface '{name}' up");
    }

    /// <summary>Makes an interface a port of a bridge.</summary>
    public static unsafe void AddToBridge(string bridge, string port)
    {
        var index = PacketInterface.Find(port).Index;
        Set(bridge, SIOCBRADDIF, value => *(int*)value = index);
    }

    private static unsafe void Set(string name, nuint request, Action<nint> fill)
    {
        var ifreq = Named(name);
        fill((nint)ifreq.Value);
        using var socket = OpenSocket();
        if (ioctl(socket, request, ref ifreq) < 0) throw NativeException.Last($"interface '{name}'");
    }

    private static unsafe IfReq Named(string name)
    {
        IfReq request = default;
        if (name.Length == 0 || Encoding.UTF8.GetByteCount(name) >= IfReq.NameLength)
            throw new NativeException($"interface '{name}'", Errno.ENODEV);
        Encoding.UTF8.GetBytes(name, new Span<byte>(request.Name, IfReq.NameLength));
        return request;
    }

    private static SafeFileHandle OpenSocket() => new(
        SystemCall.Run("socket", 0, _ => socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)), ownsHandle: true);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int socket(int domain, int type, int protocol);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ioctl(SafeFileHandle fd, nuint request, ref IfReq ifreq);
}
