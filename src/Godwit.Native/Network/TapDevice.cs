using System.Runtime.InteropServices;
using System.Text;
using Godwit.Native.Packets;
using Microsoft.Win32.SafeHandles;

namespace Godwit.Native.Network;

/// <summary>
/// A tap device: an Ethernet port whose other end is a descriptor. It goes away with the last descriptor for it, so
/// whoever holds that (the hypervisor) need not be trusted to clean up.
/// </summary>
public static partial class TapDevice
{
    // linux/if_tun.h
    private const nuint TUNSETIFF = 0x400454ca;
    private const short IFF_TAP = 0x0002, IFF_NO_PI = 0x1000, IFF_VNET_HDR = 0x4000, IFF_TUN_EXCL = unchecked((short)0x8000);

    /// <summary>
    /// Makes a tap in the network namespace of the calling thread. Frames carry a virtio-net header, by which guest
    /// and host leave checksums and segmentation to each other.
    /// </summary>
    /// <exception cref="NativeException">The name is taken, there is no /dev/net/tun, or no right (CAP_NET_ADMIN).</exception>
    public static SafeFileHandle Create(string name)
    {
        var handle = File.OpenHandle("/dev/net/tun", FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        try
        {
            SetName(handle, name);
            return handle;
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    private static unsafe void SetName(SafeFileHandle handle, string name)
    {
        IfReq request = default;
        if (name.Length == 0 || Encoding.UTF8.GetByteCount(name) >= IfReq.NameLength)
            throw new ArgumentException($"'{name}' is no name for an interface.", nameof(name));
        Encoding.UTF8.GetBytes(name, new Span<byte>(request.Name, IfReq.NameLength));
        *(short*)request.Value = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | IFF_TUN_EXCL;
        if (ioctl(handle, TUNSETIFF, ref request) < 0) throw NativeException.Last($"make tap '{name}'");
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ioctl(SafeFileHandle fd, nuint request, ref IfReq ifreq);
}
