using System.Globalization;
using Godwit.Hypervisors.Xen.Toolstack;
using Godwit.Native.Files;
using Godwit.Native.Processes;

namespace Godwit.Hypervisors.Xen;

/// <summary>
/// The directory of one copy:
/// <code>
/// copy.json    what it is (CopyDescription)
/// domain       Xen's number of it, once it has one
/// xl.cfg       what it was started from
/// console.log  all that the guest wrote to its console; the oldest part is a hole
/// ran          there once the guest has been let run here
/// while it moves:
/// xl.log       what xl had to say
/// xl, holder   processes: xl, and the script that keeps xl's descriptors open when the daemon is gone
/// line         FIFO that a daemon has open for as long as it follows the move
/// in, out      FIFOs of a receiver
/// loaded       a receiver has loaded all
/// paused       the pause count of ours has been taken (made by the holder)
/// held         this copy does not run again by itself
/// </code>
/// </summary>
internal sealed class XenRunDirectory(string path)
{
    private const int LongestNamePart = 24, Looks = 200;

    public string Path { get; } = path;

    public string Config => At("xl.cfg");

    public string ConsoleLog => At("console.log");

    public string XlLog => At("xl.log");

    public string Line => At("line");

    public string In => At("in");

    public string Out => At("out");

    /// <summary>Whether the guest has ever been let run in this copy.</summary>
    public bool HasRun => File.Exists(At("ran"));

    /// <summary>Whether it was made to receive a guest, and the guest has not been let run here yet.</summary>
    public bool IsReceiver => File.Exists(In) && !HasRun;

    public bool IsLoaded => File.Exists(At("loaded"));

    public bool IsPaused => File.Exists(At("paused"));

    public bool IsHeld => File.Exists(At("held"));

    /// <summary>The number that Xen gave it; null before that is known.</summary>
    public int? DomainId
    {
        get => int.TryParse(ReadText("domain"), CultureInfo.InvariantCulture, out var id) ? id : null;
        set => File.WriteAllText(At("domain"), value?.ToString(CultureInfo.InvariantCulture));
    }

    public static XenRunDirectory Create(XenOptions options, CopyOrder order)
    {
        var name = new string([.. order.Spec.Name.Take(LongestNamePart).Select(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' ? c : '_')]);
        var directory = new XenRunDirectory(System.IO.Path.Combine(options.RunDirectory, "copies", $"{name}-{order.CopyId:N}"));
        PrivateDirectory.Ensure(options.RunDirectory);
        PrivateDirectory.Ensure(directory.Path);
        return directory;
    }

    /// <summary>Notes what the copy is, and what its domain is started from: the first time, and when its guest is restarted.</summary>
    public void Write(CopyDescription description, HotplugScripts scripts)
    {
        var config = XlConfig.Make(description, scripts);
        description.Write(At("copy.json"));
        File.WriteAllText(Config + ".new", config);
        File.Move(Config + ".new", Config, overwrite: true);
    }

    public static IEnumerable<XenRunDirectory> FindAll(XenOptions options) =>
        System.IO.Path.Combine(options.RunDirectory, "copies") is var copies && Directory.Exists(copies)
            ? Directory.EnumerateDirectories(copies).Select(path => new XenRunDirectory(path))
            : [];

    /// <summary>What was written for the copy; null when it is not there or was not finished.</summary>
    public CopyDescription? Read() => CopyDescription.Read(At("copy.json"));

    public void MarkRun() => Mark("ran");

    public void MarkLoaded() => Mark("loaded");

    public void MarkHeld() => Mark("held");

    /// <summary>The holder takes no pause back, and goes on to hold nothing.</summary>
    public void UnmarkHold()
    {
        File.Delete(At("held"));
        File.Delete(At("paused"));
    }

    /// <summary>Nothing of an earlier move is left.</summary>
    public void ClearMove()
    {
        UnmarkHold();
        foreach (var name in (string[])["xl.log", "xl", "holder", "line", "in", "out", "loaded"]) File.Delete(At(name));
    }

    /// <summary>The process that has written its number to a file of this directory; null when it has not, or has ended.</summary>
    /// <param name="name">Of the file: <c>xl</c> or <c>holder</c>.</param>
    public RunningProcess? FindProcess(string name)
    {
        // The number is complete with the end of its line.
        if (ReadText(name) is not { } text || !text.EndsWith('\n') || !int.TryParse(text.AsSpan().Trim(), CultureInfo.InvariantCulture, out var id)) return null;
        try
        {
            if (RunningProcess.TryOpen(id) is not { } process) return null;
            // It may have been given to another program; only ours are named by this directory.
            for (var look = 0; look < Looks && !process.HasExited(); look++)
            {
                var (command, environment) = (ReadOf(id, "cmdline"), ReadOf(id, "environ"));
                if (command.Contains(Path, StringComparison.Ordinal) || environment.Contains(Path, StringComparison.Ordinal)) return process;
                if (command.Length > 0 && environment.Length > 0) return null;
                // One that is just becoming another program has none for a moment; the kernel's own never have.
                Thread.Sleep(1);
            }
            return null;
        }
        catch (IOException)
        {
            return null;
        }
    }

    public void SaveProcess(string name, RunningProcess process) =>
        File.WriteAllText(At(name), string.Create(CultureInfo.InvariantCulture, $"{process.Id}\n"));

    /// <summary>Why xl failed, of what it wrote; empty when it wrote nothing.</summary>
    public string LastWords() => XlErrors.Sum(ReadText("xl.log") ?? "");

    public void Remove()
    {
        if (Directory.Exists(Path)) Directory.Delete(Path, recursive: true);
    }

    private static string ReadOf(int id, string file) => File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{id}/{file}"));

    private void Mark(string name)
    {
        if (!File.Exists(At(name))) File.Create(At(name)).Dispose();
    }

    private string? ReadText(string name)
    {
        try
        {
            return File.ReadAllText(At(name));
        }
        catch (IOException)
        {
            return null;
        }
    }

    private string At(string name) => System.IO.Path.Combine(Path, name);
}
