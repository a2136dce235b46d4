using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Godwit.Native.Network;
using Godwit.Native.Processes;
using Godwit.Native.Tests.Packets;
using Microsoft.Win32.SafeHandles;

namespace Godwit.Native.Tests.Network;

/// <summary>Frames that wait in a tap which a process holds: this one, in the place of an engine.</summary>
public sealed partial class TapQueueTests : IDisposable
{
    private const nuint TUNSETOFFLOAD = 0x400454d0;
    private const int TUN_F_CSUM = 1, F_SETFL = 4, O_RDWR = 2, O_NONBLOCK = 0x800;
    private readonly string _device = $"gwtq{Environment.ProcessId % 100000}";
    private readonly SafeFileHandle _tap;

    public TapQueueTests()
    {
        Assert.SkipUnless(Environment.UserName == "root", "needs root");
        _tap = TapDevice.Create(_device);
        Cable.Ip("address", "add", "10.253.77.1/30", "dev", _device);
        Cable.Ip("link", "set", _device, "up");
        // Before, the kernel drops what is sent there.
        while (File.ReadAllText($"/sys/class/net/{_device}/operstate").Trim() == "down") Thread.Sleep(5);
        Cable.Ip("neighbour", "add", "10.253.77.2", "lladdr", "02:00:00:00:00:02", "dev", _device);
    }

    public void Dispose() => _tap.Dispose();

    private static RunningProcess Self => RunningProcess.TryOpen(Environment.ProcessId)!.Value;

    [Fact]
    public void What_waits_is_taken_out_in_its_order_with_the_checksums_that_its_sender_left_out()
    {
        Assert.Equal(0, fcntl(_tap, F_SETFL, O_RDWR | O_NONBLOCK));
        // As an engine does whose guest takes them so.
        Assert.Equal(0, ioctl(_tap, TUNSETOFFLOAD, TUN_F_CSUM));
        using (var sender = new UdpClient(new IPEndPoint(IPAddress.Parse("10.253.77.1"), 0)))
        {
            for (byte i = 1; i <= 3; i++) sender.Send([i, 0xaa, i], new IPEndPoint(IPAddress.Parse("10.253.77.2"), 9));
        }
        using var queue = TapQueue.Borrow(Self, _device);
        var datagrams = TakeDatagrams();
        // While the kernel itself says something there, it queues what others send.
        for (var i = 0; i < 300 && datagrams.Count < 3; i++)
        {
            Thread.Sleep(10);
            datagrams.AddRange(TakeDatagrams());
        }
        Assert.Equal([1, 2, 3], datagrams.Select(frame => (int)frame[42]));
        Assert.All(datagrams, frame => Assert.Equal(0xffff, UdpSum(frame)));
        Assert.Empty(TakeDatagrams());

        // What the kernel itself says at a new interface, in its own time, is none of ours.
        List<byte[]> TakeDatagrams() => [.. queue.Take().Where(frame => frame[12] == 0x08 && frame[13] == 0x00 && frame[23] == 17)];
    }

    [Fact]
    public void A_tap_that_is_not_held_and_one_whose_holder_waits_in_reads_are_refused()
    {
        Assert.Contains("gwnone0", Assert.Throws<NativeException>(() => TapQueue.Borrow(Self, "gwnone0")).Message);
        Assert.Throws<NativeException>(() => TapQueue.Borrow(Self with { Id = int.MaxValue }, _device));
        Assert.Throws<NativeException>(() => TapQueue.Borrow(Self, _device));
    }

    // The sum of a datagram and of what it stands for of its IPv4 header: all ones when its checksum is right (RFC 768).
    private static int UdpSum(byte[] frame)
    {
        var addresses = frame.AsSpan(26, 8);
        var datagram = frame.AsSpan(34, 11);
        var sum = 17 + datagram.Length;
        for (var i = 0; i < 8; i += 2) sum += BinaryPrimitives.ReadUInt16BigEndian(addresses[i..]);
        for (var i = 0; i < datagram.Length; i += 2) sum += (datagram[i] << 8) + (i + 1 < datagram.Length ? datagram[i + 1] : 0);
        while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
        return sum;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fcntl(SafeFileHandle fd, int command, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ioctl(SafeFileHandle fd, nuint request, nint argument);
}
