using System.Collections.Immutable;
using System.Text.RegularExpressions;

namespace Godwit.Daemon.Checks;

/// <summary>By what LVM chooses the devices that it looks at, as <c>lvmconfig --type full</c> prints it.</summary>
/// <param name="GlobalFilter">Patterns such as <c>r|^/dev/etherd/|</c>, the first that fits deciding.</param>
/// <param name="Filter">As well, and asked after the global one.</param>
/// <param name="DevicesFile">Lines of the file of devices, the only ones that are looked at then; null where none is in use.</param>
/// <param name="ScansLogicalVolumes">Whether what lies inside logical volumes is looked at.</param>
internal sealed partial record LvmSettings(
    ImmutableArray<string> GlobalFilter, ImmutableArray<string> Filter, ImmutableArray<string>? DevicesFile, bool ScansLogicalVolumes)
{
    public const string DevicesDirectory = "/etc/lvm/devices";

    /// <summary>A device of the kernel's aoe driver.</summary>
    public const string AoeDevice = "/dev/etherd/e0.0";

    public static readonly string[] Names =
        ["devices/global_filter", "devices/filter", "devices/use_devicesfile", "devices/devicesfile", "devices/scan_lvs"];

    /// <param name="output">Lines <c>name=value</c>, lists as <c>["a|.*|"]</c>.</param>
    /// <param name="directory">Of files of devices.</param>
    public static LvmSettings Read(string output, string directory)
    {
        var values = output.Split('\n').Select(line => line.Split('=', 2)).Where(pair => pair.Length == 2)
            .ToDictionary(pair => pair[0].Trim(), pair => pair[1].Trim());
        var file = Path.Combine(directory, Words(values.GetValueOrDefault("devicesfile")).FirstOrDefault("system.devices"));
        // As LVM does it: without the file there is no list, whatever is configured.
        var listed = values.GetValueOrDefault("use_devicesfile") == "1" && File.Exists(file);
        return new LvmSettings(
            Words(values.GetValueOrDefault("global_filter")), Words(values.GetValueOrDefault("filter")),
            listed ? [.. File.ReadLines(file)] : null, values.GetValueOrDefault("scan_lvs") == "1");
    }

    public bool LooksAt(string device) =>
        Accepts(GlobalFilter, device) && Accepts(Filter, device)
        && (DevicesFile is not { } lines || lines.Any(line => line.Contains(Path.GetDirectoryName(device)!, StringComparison.Ordinal)));

    // lvm.conf(5): a or r, a delimiter of one's choice, a regular expression that is not anchored, the delimiter. What no
    // pattern fits is accepted.
    private static bool Accepts(ImmutableArray<string> filter, string device)
    {
        foreach (var pattern in filter)
        {
            if (pattern.Length >= 3 && Regex.IsMatch(device, pattern[2..^1], RegexOptions.CultureInvariant | RegexOptions.NonBacktracking))
                return pattern[0] == 'a';
        }
        return true;
    }

    // Backslashes and quotation marks are printed with a backslash before them.
    private static ImmutableArray<string> Words(string? value) =>
        [.. Quoted().Matches(value ?? "").Select(match => Escaped().Replace(match.Groups[1].Value, "$1"))];

    [GeneratedRegex("""
        "((?:[^"\\]|\\.)*)"
        """)]
    private static partial Regex Quoted();

    [GeneratedRegex(@"\\(.)")]
    private static partial Regex Escaped();
}
