using System.Text;

namespace Godwit.Native.Processes;

/// <summary>
/// A scope of systemd: a control group of its own for a process that outlives the program which starts it, so that
/// stopping, restarting or removing that program's service leaves it alone, and the administrator finds it by name.
/// </summary>
/// <param name="Label">What the scope is called: <c>vm1</c> gives <c>godwit-vm1-1a2b3c4d.scope</c>.</param>
/// <param name="Description">What systemctl(1) shows beside it.</param>
public sealed record SystemdScope(string Label, string Description)
{
    private const string Slice = "godwit.slice";

    /// <summary>The longest part of a label in a name; systemd takes 255 bytes for all of it.</summary>
    private const int LongestLabel = 100;

    /// <summary>
    /// Whether systemd runs this machine: sd_booted(3), and it is this process's own init too. In a PID namespace that
    /// has another init, systemd would be told numbers that mean other processes to it.
    /// </summary>
    public static bool IsAvailable { get; } = IsSystemd("/run/systemd/system", "/proc/1/comm");

    /// <summary>
    /// The words that start a program in this scope. systemd-run(1) makes the scope, enters it, and becomes the program:
    /// same process, same descriptors. Each scope's name is new: that of one whose process has just ended may be taken
    /// a moment longer.
    /// </summary>
    public IReadOnlyList<string> Wrap(IReadOnlyList<string> arguments, Guid mark) =>
    [
        "systemd-run", "--scope", "--quiet", "--collect", $"--slice={Slice}", $"--unit={NameOf(Label, mark)}",
        $"--description={Description}",
        // At the end of the host the network stays until it has ended: it may have writes to send.
        "--property=After=network.target",
        "--", .. arguments,
    ];

    internal static bool IsSystemd(string bootedPath, string initNamePath) =>
        Directory.Exists(bootedPath) && File.ReadAllText(initNamePath).TrimEnd() == "systemd";

    private static string NameOf(string label, Guid mark)
    {
        var name = new StringBuilder("godwit-");
        foreach (var c in label.Take(LongestLabel))
            name.Append(char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' ? c : '_');
        return name.Append('-').Append(mark.ToString("N").AsSpan(0, 8)).Append(".scope").ToString();
    }
}
