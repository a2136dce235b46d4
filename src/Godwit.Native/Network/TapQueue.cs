using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using Godwit.Native.Packets;
using Godwit.Native.Processes;
using Microsoft.Win32.SafeHandles;

namespace Godwit.Native.Network;

/// <summary>
/// Frames that wait in a tap for the process that holds it, by a duplicate of its descriptor (pidfd_getfd(2)). Whoever takes
/// one out keeps it from that process, so it is for processes that do not read any more.
/// </summary>
public sealed partial class TapQueue : IDisposable
{
    // linux/if_tun.h
    private const nuint TUNGETVNETHDRSZ = 0x800454d7;
    private const long SYS_pidfd_open = 434, SYS_pidfd_getfd = 438;
    private const int F_GETFL = 3, O_NONBLOCK = 0x800;
    private const int LongestFrame = 65_536;

    private readonly SafeFileHandle _tap;
    private readonly int _headerBytes;

    private TapQueue(SafeFileHandle tap, int headerBytes) => (_tap, _headerBytes) = (tap, headerBytes);

    /// <summary>The queue of a tap that a process holds.</summary>
    /// <exception cref="NativeException">It holds none of this name, or we have no right to it (CAP_SYS_PTRACE).</exception>
    public static TapQueue Borrow(RunningProcess holder, string device)
    {
        var number = FindDescriptor(holder.Id, device) ?? throw new NativeException($"find tap '{device}' of process {holder.Id}", Errno.ENODEV);
        using var process = Owned($"open process {holder.Id}", syscall(SYS_pidfd_open, holder.Id, 0, 0));
        var tap = Owned($"borrow tap '{device}'", syscall(SYS_pidfd_getfd, (int)process.DangerousGetHandle(), number, 0));
        try
        {
            var headerBytes = 0;
            if (ioctl(tap, TUNGETVNETHDRSZ, ref headerBytes) < 0) throw NativeException.Last($"ask tap '{device}' for its header");
            // A read must not wait for a frame that its holder has taken meanwhile.
            if ((fcntl(tap, F_GETFL) & O_NONBLOCK) == 0) throw new NativeException($"read tap '{device}'", Errno.EINVAL);
            return new TapQueue(tap, headerBytes);
        }
        catch
        {
            tap.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Takes out what waits, in its order. Frames that were to be cut into segments are left out: their senders send again.
    /// </summary>
    public List<byte[]> Take()
    {
        var frames = new List<byte[]>();
        Span<byte> room = new byte[_headerBytes + LongestFrame];
        while (read(_tap, ref MemoryMarshal.GetReference(room), room.Length) is var length && length > _headerBytes)
        {
            var header = room[.._headerBytes];
            var frame = room[_headerBytes..(int)length];
            if (header.Length < VirtioHeader.Bytes || header[VirtioHeader.GsoTypeAt] == 0) frames.Add(Completed(header, frame));
        }
        return frames;
    }

    public void Dispose() => _tap.Dispose();

    // A sender on this machine leaves its checksum to whoever sends the frame out: what is at its place is the sum of the addresses.
    private static byte[] Completed(ReadOnlySpan<byte> header, Span<byte> frame)
    {
        if (header.Length >= VirtioHeader.Bytes && (header[0] & VirtioHeader.NeedsChecksum) != 0)
        {
            int start = BinaryPrimitives.ReadUInt16LittleEndian(header[VirtioHeader.ChecksumStartAt..]);
            var at = start + BinaryPrimitives.ReadUInt16LittleEndian(header[VirtioHeader.ChecksumOffsetAt..]);
            if (at + 2 <= frame.Length) BinaryPrimitives.WriteUInt16BigEndian(frame[at..], InternetChecksum.Of(frame[start..]));
        }
        return frame.ToArray();
    }

    private static int? FindDescriptor(int process, string device)
    {
        foreach (var descriptor in DescriptorsOf(process))
        {
            if (IsOf(device, descriptor)) return int.Parse(Path.GetFileName(descriptor), CultureInfo.InvariantCulture);
        }
        return null;
    }

    private static string[] DescriptorsOf(int process)
    {
        try
        {
            return Directory.GetFiles(string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/fdinfo"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It has ended.
            return [];
        }
    }

    private static bool IsOf(string device, string descriptor)
    {
        try
        {
            return File.ReadLines(descriptor).Contains($"iff:\t{device}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Closed as we look.
            return false;
        }
    }

    private static SafeFileHandle Owned(string operation, long descriptor) =>
        descriptor >= 0 ? new SafeFileHandle((nint)descriptor, ownsHandle: true) : throw NativeException.Last(operation);

    [LibraryImport("libc", SetLastError = true)]
    private static partial long syscall(long number, long first, long second, long third);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ioctl(SafeFileHandle fd, nuint request, ref int value);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fcntl(SafeFileHandle fd, int command);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint read(SafeFileHandle fd, ref byte buffer, nint count);
}
