using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Godwit.Native.Terminals;

/// <summary>
/// A terminal in raw mode (termios(3)): every key reaches the program as it is, and nothing is echoed. Disposing
/// brings back the mode that was found; it may be done more than once, and from any thread.
/// </summary>
public sealed partial class RawTerminal : IDisposable
{
    // glibc's struct termios is 60 bytes; nothing here looks into it, cfmakeraw(3) does.
    private const int TermiosRoom = 128;
    private const int TCSADRAIN = 1;

    private readonly int _descriptor;
    private readonly byte[] _found;
    private int _disposed;

    private RawTerminal(int descriptor, byte[] found)
    {
        _descriptor = descriptor;
        _found = found;
    }

    /// <summary>Puts the terminal behind a descriptor into raw mode; null where it is not a terminal.</summary>
    /// <exception cref="Win32Exception">The mode could not be set.</exception>
    public static RawTerminal? Enter(int descriptor)
    {
        var found = new byte[TermiosRoom];
        if (tcgetattr(descriptor, found) != 0) return null;
        var raw = (byte[])found.Clone();
        cfmakeraw(raw);
        if (tcsetattr(descriptor, TCSADRAIN, raw) != 0)
            throw new Win32Exception(Marshal.GetLastPInvokeError());
        return new RawTerminal(descriptor, found);
    }

    public void Dispose()
    {
        // A terminal that has gone away has no mode left to restore, so the result does not matter.
        if (Interlocked.Exchange(ref _disposed, 1) == 0) _ = tcsetattr(_descriptor, TCSADRAIN, _found);
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int tcgetattr(int fd, [Out] byte[] termios);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int tcsetattr(int fd, int actions, [In] byte[] termios);

    [LibraryImport("libc")]
    private static partial void cfmakeraw([In, Out] byte[] termios);
}
