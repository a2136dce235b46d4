using System.Net.Sockets;
using System.Runtime.InteropServices;
using Godwit.Native.Sockets;
using Microsoft.Win32.SafeHandles;

namespace Godwit.Native.Tests.Sockets;

public sealed partial class UnixListenerTests : IDisposable
{
    private const int EAGAIN = 11;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);
    private readonly string _directory = Directory.CreateTempSubdirectory("godwit-listen-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    /// <summary>QEMU looks at its monitor from two threads for a moment, and the one that comes late must not stand still.</summary>
    [Fact]
    public async Task Who_wants_a_connection_that_another_has_taken_goes_on()
    {
        var path = Path.Combine(_directory, "s");
        using var listener = UnixListener.Listen(path);
        using var client = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await client.ConnectAsync(new UnixDomainSocketEndPoint(path), TestContext.Current.CancellationToken);

        Assert.Equal(0, await AcceptAsync(listener));
        Assert.Equal(EAGAIN, await AcceptAsync(listener));
    }

    /// <summary>On another thread: a listener that waits would hold up this one for good.</summary>
    private static Task<int> AcceptAsync(SafeFileHandle listener) => Task.Run(() =>
    {
        var taken = accept(listener, 0, 0);
        if (taken < 0)
            return Marshal.GetLastPInvokeError();
        new SafeFileHandle(taken, ownsHandle: true).Dispose();
        return 0;
    }).WaitAsync(Limit);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int accept(SafeFileHandle fd, nint address, nint length);
}
