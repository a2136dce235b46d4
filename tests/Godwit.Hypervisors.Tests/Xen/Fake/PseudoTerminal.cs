using System.Runtime.InteropServices;
using System.Text;

namespace Godwit.Hypervisors.Tests.Xen.Fake;

/// <summary>A terminal as xenconsoled has one for each domain; hung up when it is disposed.</summary>
internal sealed partial class PseudoTerminal : IDisposable
{
    private const int O_RDWR = 2, O_NOCTTY = 0x100, O_CLOEXEC = 0x80000, LongestName = 64;

    // A program that had it too would keep it from hanging up.
    private readonly int _master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

    public PseudoTerminal()
    {
        var name = new byte[LongestName];
        if (_master < 0 || grantpt(_master) != 0 || unlockpt(_master) != 0 || ptsname_r(_master, name, (nuint)name.Length) != 0)
            throw new InvalidOperationException("no pseudo terminal");
        Path = Encoding.UTF8.GetString(name.AsSpan(0, Array.IndexOf(name, (byte)0)));
    }

    /// <summary>Of the side that the daemon opens.</summary>
    public string Path { get; }

    /// <summary>The guest writes.</summary>
    public void Write(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        Assert.Equal(bytes.Length, (int)write(_master, bytes, (nuint)bytes.Length));
    }

    /// <summary>Waits for what the guest is typed.</summary>
    public string Read()
    {
        var bytes = new byte[256];
        return Encoding.UTF8.GetString(bytes.AsSpan(0, (int)read(_master, bytes, (nuint)bytes.Length)));
    }

    public void Dispose() => _ = close(_master);

    [LibraryImport("libc")]
    private static partial int posix_openpt(int flags);

    [LibraryImport("libc")]
    private static partial int grantpt(int fd);

    [LibraryImport("libc")]
    private static partial int unlockpt(int fd);

    [LibraryImport("libc")]
    private static partial int ptsname_r(int fd, byte[] name, nuint length);

    [LibraryImport("libc")]
    private static partial nint read(int fd, byte[] bytes, nuint length);

    [LibraryImport("libc")]
    private static partial nint write(int fd, byte[] bytes, nuint length);

    [LibraryImport("libc")]
    private static partial int close(int fd);
}
