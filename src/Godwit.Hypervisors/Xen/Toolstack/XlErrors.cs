using System.Text.RegularExpressions;

namespace Godwit.Hypervisors.Xen.Toolstack;

/// <summary>What a person needs of the many lines that xl writes when something fails.</summary>
internal static partial class XlErrors
{
    private const int Most = 3;

    /// <summary>
    /// The first errors, which are the causes, without the places in libxl's source; what a hotplug script said before all
    /// others. Empty where there is none.
    /// </summary>
    public static string Sum(string output)
    {
        var lines = output.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0).ToList();
        var scripts = lines.Select(line => Script().Match(line)).Where(match => match.Success).Select(match => match.Groups["said"].Value);
        var errors = lines.Select(line => Error().Match(line)).Where(match => match.Success).Select(match => match.Groups["said"].Value);
        var chosen = scripts.Concat(errors).Distinct().Take(Most).ToList();
        return chosen.Count > 0 ? string.Join("; ", chosen) : lines.LastOrDefault() ?? "";
    }

    /// <summary><c>libxl: error: libxl_aoutils.c:646:libxl__async_exec_timeout: Domain 2:…</c>, <c>xc: error: … (22 = Invalid argument): Internal error</c></summary>
    [GeneratedRegex(@"\A(?:lib)?(?:xl|xc|xlu): error: (?:\w+\.c:\d+:\w+: )?(?:Domain \d+:)?(?<said>.+?)(?:: Internal error)?\z")]
    private static partial Regex Error();

    [GeneratedRegex(@"script: (?<said>.+)\z")]
    private static partial Regex Script();
}
