using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Godwit.Native.Network;

/// <summary>
/// A network namespace (network_namespaces(7)) that code of this process can run in. A socket belongs for ever to the
/// namespace of the thread that made it, so sockets made in <see cref="Run{T}"/> may be used from any thread after.
/// </summary>
public sealed partial class NetworkNamespace : IDisposable
{
    private const int CLONE_NEWNET = 0x40000000;
    private readonly SafeFileHandle _handle;

    private NetworkNamespace(SafeFileHandle handle) => _handle = handle;

    /// <summary>Opens a namespace by a path such as <c>/run/netns/NAME</c> or <c>/proc/PID/ns/net</c>.</summary>
    /// <exception cref="IOException">No such namespace, or no right to open it.</exception>
    public static NetworkNamespace Open(string path) => new(File.OpenHandle(path));

    /// <summary>Opens a namespace by the name that <c>ip netns</c> shows.</summary>
    public static NetworkNamespace OpenNamed(string name) => Open("/run/netns/" + name);

    /// <summary>What tells this namespace from all others, as <c>/proc/PID/ns/net</c> shows it.</summary>
    public string Identity => Run(() => new FileInfo("/proc/thread-self/ns/net").LinkTarget
        ?? throw new IOException("/proc/thread-self/ns/net is no link"));

    /// <summary>
    /// Runs a function inside the namespace and waits for it. It gets a thread of its own, which ends with it: a
    /// pooled thread that stayed in the wrong namespace would lead others astray.
    /// </summary>
    /// <exception cref="Win32Exception">The kernel refused (CAP_SYS_ADMIN is needed).</exception>
    public T Run<T>(Func<T> function)
    {
        T result = default!;
        System.Runtime.ExceptionServices.ExceptionDispatchInfo? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                if (setns(_handle, CLONE_NEWNET) != 0) throw new Win32Exception(Marshal.GetLastPInvokeError());
                result = function();
            }
            catch (Exception e)
            {
                failure = System.Runtime.ExceptionServices.ExceptionDispatchInfo.Capture(e);
            }
        })
        { IsBackground = true, Name = "in a network namespace" };
        thread.Start();
        thread.Join();
        failure?.Throw();
        return result;
    }

    public void Dispose() => _handle.Dispose();

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setns(SafeFileHandle fd, int nstype);
}
