using System.Globalization;
using Godwit.Domains;
using Godwit.Native.Files;
using Godwit.Native.Processes;
using Godwit.Native.Sockets;

namespace Godwit.Hypervisors.Qemu;

/// <summary>
/// The directory of one copy:
/// <code>
/// copy.json                what it is (CopyDescription)
/// pid                      QEMU's process, written by QEMU
/// qmp.sock, console.sock   QEMU listens there
/// send.sock, receive.sock  there while a stream is being connected
/// console.log              all that the guest wrote to its console; the oldest part is a hole
/// qemu.log                 what QEMU itself had to say
/// ran                      there once the guest has been let run here
/// </code>
/// </summary>
/// <param name="path">Its path.</param>
/// <param name="user">Who QEMU runs as; null for the user of this program.</param>
internal sealed class RunDirectory(string path, string? user = null)
{
    private const int LongestNamePart = 24;

    public string Path { get; } = path;

    public string MonitorSocket => At("qmp.sock");

    public string ConsoleSocket => At("console.sock");

    public string SendSocket => At("send.sock");

    public string ReceiveSocket => At("receive.sock");

    public string ConsoleLog => At("console.log");

    public string EngineLog => At("qemu.log");

    public string PidFile => At("pid");

    /// <summary>Whether the guest has ever been let run in this copy.</summary>
    public bool HasRun => File.Exists(At("ran"));

    /// <summary>Makes the directory of a new copy, readable by QEMU's user and root only.</summary>
    public static RunDirectory Create(QemuOptions options, CopyDescription description)
    {
        var order = description.Order;
        var name = new string([.. order.Spec.Name.Take(LongestNamePart).Select(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' ? c : '_')]);
        var directory = new RunDirectory(System.IO.Path.Combine(options.RunDirectory, $"{name}-{order.CopyId:N}"), options.User);
        // The longest of the names above; better here than by a failure of QEMU.
        if (directory.ReceiveSocket.Length > UnixListener.LongestPath)
            throw new GodwitException(
                "run-directory-too-long",
                $"The run directory {options.RunDirectory} is too long for sockets in it.",
                "Choose one of at most 30 characters.");
        PrivateDirectory.Ensure(options.RunDirectory, passable: options.User is not null);
        PrivateDirectory.Ensure(directory.Path);
        description.Write(directory.At("copy.json"));
        directory.Share(directory.Path);
        return directory;
    }

    /// <summary>What was written for the copy; null when it is not there or was not finished.</summary>
    public CopyDescription? Read() => CopyDescription.Read(At("copy.json"));

    /// <summary>QEMU's process; null when it has ended.</summary>
    public RunningProcess? FindProcess()
    {
        try
        {
            if (!int.TryParse(File.ReadAllText(PidFile), CultureInfo.InvariantCulture, out var id)) return null;
            var found = RunningProcess.TryOpen(id);
            // A number may have been given to another program; only our QEMU names this directory.
            var commandLine = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{id}/cmdline"));
            return found is { } process && commandLine.Contains(PidFile, StringComparison.Ordinal) && !process.HasExited()
                ? process
                : null;
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>Gives what was made here for its owner alone to QEMU, which may run as another user.</summary>
    public void Share(string made)
    {
        if (user is not null) Ownership.Give(made, FindUser(user));
    }

    public void MarkRun()
    {
        if (!HasRun) File.Create(At("ran")).Dispose();
    }

    /// <summary>The last lines that QEMU wrote before it ended; empty when it wrote none.</summary>
    public string LastWords()
    {
        try
        {
            return string.Join("; ", File.ReadLines(EngineLog).Where(line => line.Length > 0).TakeLast(3));
        }
        catch (IOException)
        {
            return "";
        }
    }

    public void Remove()
    {
        if (Directory.Exists(Path)) Directory.Delete(Path, recursive: true);
    }

    public static (int User, int Group) FindUser(string name) => Ownership.Find(name)
        ?? throw new GodwitException("no-such-user", $"There is no user '{name}' to run QEMU as.", $"Run: useradd --system {name}");

    private string At(string name) => System.IO.Path.Combine(Path, name);
}
