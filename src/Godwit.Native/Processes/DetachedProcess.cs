using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Godwit.Native.Processes;

/// <summary>
/// Starts programs that outlive this one: in a session of their own (where systemd runs, in a scope of their own too), with
/// files as their outputs, and with the descriptors that they are given by number, which
/// <see cref="System.Diagnostics.Process"/> cannot do.
/// </summary>
public static partial class DetachedProcess
{
    // spawn.h of glibc.
    private const short POSIX_SPAWN_SETSIGDEF = 0x04, POSIX_SPAWN_SETSIGMASK = 0x08, POSIX_SPAWN_SETSID = 0x80;
    private const int O_WRONLY = 1, O_CREAT = 0x40, O_APPEND = 0x400;
    private const uint LogMode = 0x180; // 0600

    /// <summary>Room for glibc's opaque structures, of which the largest has 336 bytes.</summary>
    private const int OpaqueBytes = 1024;

    private const int FirstFree = 3;

    /// <summary>
    /// Numbers for descriptors that a program is to inherit: none of them is in use here for another of the same
    /// list, so that handing one over does not close the next.
    /// </summary>
    public static int[] ChooseNumbers(IReadOnlyList<SafeFileHandle> handles)
    {
        var taken = handles.Select(Number).ToHashSet();
        return [.. Enumerable.Range(FirstFree, 2 * handles.Count + FirstFree).Where(n => !taken.Contains(n)).Take(handles.Count)];
    }

    /// <summary>Starts a program and gives its process. It is a child: <see cref="RunningProcess.HasExited"/> collects it.</summary>
    /// <param name="arguments">The program's path, then its arguments.</param>
    /// <param name="logPath">Takes standard output and error, at its end.</param>
    /// <param name="inherited">Descriptors and the numbers the program gets them under.</param>
    /// <param name="scope">Control group of its own where systemd runs; null leaves it in this program's.</param>
    /// <exception cref="NativeException">
    /// There is no such program, or it may not be run. In a scope that is a process which ends at once, and has said why in
    /// its log, as it does where systemd refuses the scope.
    /// </exception>
    public static unsafe RunningProcess Start(
        IReadOnlyList<string> arguments, string logPath, IReadOnlyList<(SafeFileHandle Handle, int Number)> inherited,
        SystemdScope? scope = null)
    {
        if (scope is not null && SystemdScope.IsAvailable) arguments = scope.Wrap(arguments, Guid.NewGuid());
        var actions = stackalloc byte[OpaqueBytes];
        var attributes = stackalloc byte[OpaqueBytes];
        var signals = stackalloc byte[OpaqueBytes];
        Check(posix_spawn_file_actions_init(actions), "posix_spawn");
        Check(posix_spawnattr_init(attributes), "posix_spawn");
        try
        {
            Check(posix_spawn_file_actions_addopen(actions, 0, "/dev/null", 0, 0), "posix_spawn");
            Check(posix_spawn_file_actions_addopen(actions, 1, logPath, O_WRONLY | O_CREAT | O_APPEND, LogMode), "posix_spawn");
            Check(posix_spawn_file_actions_adddup2(actions, 1, 2), "posix_spawn");
            foreach (var (handle, number) in inherited)
                Check(posix_spawn_file_actions_adddup2(actions, Number(handle), number), "posix_spawn");

            // .NET ignores SIGPIPE and blocks some signals; a program that we start shall begin as from a shell.
            _ = sigfillset(signals);
            Check(posix_spawnattr_setsigdefault(attributes, signals), "posix_spawn");
            _ = sigemptyset(signals);
            Check(posix_spawnattr_setsigmask(attributes, signals), "posix_spawn");
            Check(posix_spawnattr_setflags(
                attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK), "posix_spawn");
            var error = posix_spawnp(out var pid, arguments[0], actions, attributes,
                [.. arguments, null], [.. Environment(), null]);
            Check(error, $"start '{arguments[0]}'");
            return RunningProcess.TryOpen(pid) ?? throw new NativeException($"start '{arguments[0]}'", Errno.ESRCH);
        }
        finally
        {
            _ = posix_spawn_file_actions_destroy(actions);
            _ = posix_spawnattr_destroy(attributes);
            foreach (var (handle, _) in inherited) GC.KeepAlive(handle);
        }
    }

    private static int Number(SafeFileHandle handle) => (int)handle.DangerousGetHandle();

    private static IEnumerable<string> Environment() =>
        from System.Collections.DictionaryEntry entry in System.Environment.GetEnvironmentVariables()
        select string.Create(CultureInfo.InvariantCulture, $"{entry.Key}={entry.Value}");

    // This family gives the error as its result and leaves errno alone.
    private static void Check(int error, string operation)
    {
        if (error != 0) throw new NativeException(operation, error);
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int posix_spawnp(
        out int pid, string file, byte* actions, byte* attributes, string?[] arguments, string?[] environment);

    [LibraryImport("libc")]
    private static unsafe partial int posix_spawn_file_actions_init(byte* actions);

    [LibraryImport("libc")]
    private static unsafe partial int posix_spawn_file_actions_destroy(byte* actions);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int posix_spawn_file_actions_addopen(byte* actions, int fd, string path, int flags, uint mode);

    [LibraryImport("libc")]
    private static unsafe partial int posix_spawn_file_actions_adddup2(byte* actions, int fd, int number);

    [LibraryImport("libc")]
    private static unsafe partial int posix_spawnattr_init(byte* attributes);

    [LibraryImport("libc")]
    private static unsafe partial int posix_spawnattr_destroy(byte* attributes);

    [LibraryImport("libc")]
    private static unsafe partial int posix_spawnattr_setflags(byte* attributes, short flags);

    [LibraryImport("libc")]
    private static unsafe partial int posix_spawnattr_setsigdefault(byte* attributes, byte* signals);

    [LibraryImport("libc")]
    private static unsafe partial int posix_spawnattr_setsigmask(byte* attributes, byte* signals);

    [LibraryImport("libc")]
    private static unsafe partial int sigfillset(byte* signals);

    [LibraryImport("libc")]
    private static unsafe partial int sigemptyset(byte* signals);
}
