using System.Globalization;
using Godwit.Domains;
using Godwit.Native;
using Godwit.Native.Processes;
using Godwit.Native.Sockets;
using Microsoft.Win32.SafeHandles;

namespace Godwit.Hypervisors.Qemu;

/// <summary>Starts QEMU so that it outlives the daemon.</summary>
internal static class QemuLauncher
{
    /// <summary>
    /// Starts a copy's QEMU. Its sockets are listening already when this returns, so a connect never comes too early;
    /// it is answered as soon as QEMU is up.
    /// </summary>
    /// <param name="taps">The copy's taps, which QEMU inherits; the caller closes its own handles for them.</param>
    public static RunningProcess Start(
        CopyOrder order, QemuOptions options, RunDirectory directory, IReadOnlyList<SafeFileHandle> taps, bool receiver)
    {
        using var monitor = UnixListener.Listen(directory.MonitorSocket);
        using var console = UnixListener.Listen(directory.ConsoleSocket);
        var stops = new List<SafeFileHandle>();
        try
        {
            foreach (var path in order.Disks.Select(disk => disk.StopSocket).OfType<string>())
            {
                // Of an earlier engine that used the same attachment.
                File.Delete(path);
                stops.Add(UnixListener.Listen(path));
            }
            SafeFileHandle[] handles = [monitor, console, .. stops, .. taps];
            var numbers = DetachedProcess.ChooseNumbers(handles);
            var given = new InheritedDescriptors(numbers[0], numbers[1], numbers[2..(2 + stops.Count)], numbers[(2 + stops.Count)..]);
            var words = CommandLine.Make(order, options, directory, given, receiver);
            return Start(
                words, options, directory.EngineLog, [.. handles.Zip(numbers)],
                new SystemdScope(order.Spec.Name, $"Domain {order.Spec.Name}"));
        }
        finally
        {
            foreach (var stop in stops) stop.Dispose();
        }
    }

    /// <summary>Starts a QEMU that has no machine, to be asked what it can do.</summary>
    public static RunningProcess StartProbe(QemuOptions options, string accelerator, string monitorSocket, string log)
    {
        using var monitor = UnixListener.Listen(monitorSocket);
        var numbers = DetachedProcess.ChooseNumbers([monitor]);
        return Start(
            [
                options.Binary, "-no-user-config", "-nodefaults", "-display", "none", "-S",
                "-machine", "none", "-accel", accelerator,
                "-chardev", string.Create(CultureInfo.InvariantCulture, $"socket,id=monitor,fd={numbers[0]},server=on,wait=off"),
                "-mon", "chardev=monitor,mode=control",
            ],
            options, log, [(monitor, numbers[0])]);
    }

    private static RunningProcess Start(
        List<string> words, QemuOptions options, string log, (SafeFileHandle, int)[] inherited, SystemdScope? scope = null)
    {
        // setpriv(1) takes the user's rights and then becomes QEMU: same process, same descriptors.
        if (options.User is { } user)
        {
            var (uid, gid) = RunDirectory.FindUser(user);
            words.InsertRange(0,
            [
                "setpriv", string.Create(CultureInfo.InvariantCulture, $"--reuid={uid}"),
                string.Create(CultureInfo.InvariantCulture, $"--regid={gid}"), "--init-groups", "--no-new-privs",
            ]);
        }
        try
        {
            return DetachedProcess.Start(words, log, inherited, scope);
        }
        catch (NativeException e)
        {
            throw new GodwitException(
                "engine-missing",
                $"QEMU cannot be started: {e.Message}.",
                "Install it (Debian: apt-get install qemu-system-x86), or name its program in godwitd.toml.", e);
        }
    }
}
