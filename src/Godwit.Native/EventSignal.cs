using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Godwit.Native;

/// <summary>An eventfd(2): what one thread sets ends another one's poll(2).</summary>
internal sealed partial class EventSignal : IDisposable
{
    private const int EFD_CLOEXEC = 0x80000, EFD_NONBLOCK = 0x800;

    public EventSignal() => Handle = new SafeFileHandle(
        SystemCall.Run("eventfd", EFD_CLOEXEC | EFD_NONBLOCK, flags => eventfd(0, flags)), ownsHandle: true);

    public SafeFileHandle Handle { get; }

    // A full counter (EAGAIN) is set already, so a failed write loses nothing.
    public void Set()
    {
        ulong one = 1;
        _ = write(Handle, ref one, sizeof(ulong));
    }

    public void Clear()
    {
        ulong count = 0;
        _ = read(Handle, ref count, sizeof(ulong));
    }

    public void Dispose() => Handle.Dispose();

    [LibraryImport("libc", SetLastError = true)]
    private static partial int eventfd(uint initial, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint write(SafeFileHandle fd, ref ulong value, nint length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint read(SafeFileHandle fd, ref ulong value, nint length);
}
