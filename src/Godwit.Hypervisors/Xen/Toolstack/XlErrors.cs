using System.Text.RegularExpressions;

namespace Godwit.Hypervisors.Xen.Toolstack;

/// <summary>What a person needs of the many lines that xl writes when something fails.</summary>
internal static partial class XlErrors
{
    private const int Most = 3;

    /// <summary>
    /// What a hotplug script said; where none failed, the first errors, which are the causes, without the places in libxl's
    /// source; where there is none of those either, the last line that does not just tell how it goes. Empty where there is nothing.
    /// </summary>
    public static string Sum(string output)
    {
        var lines = output.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0).ToList();
        var chosen = Find(Script(), lines);
        if (chosen.Count == 0) chosen = Find(Error(), lines);
        return chosen.Count > 0 ? string.Join("; ", chosen) : lines.LastOrDefault(line => !News().IsMatch(line)) ?? "";
    }

    private static List<string> Find(Regex form, List<string> lines) =>
        [.. lines.Select(line => form.Match(line)).Where(match => match.Success).Select(match => match.Groups["said"].Value).Distinct().Take(Most)];

    /// <summary><c>libxl: error: libxl_aoutils.c:646:libxl__async_exec_timeout: Domain 2:…</c>, <c>xc: error: … (22 = Invalid argument): Internal error</c></summary>
    [GeneratedRegex(@"\A(?:lib)?(?:xl|xc|xlu): error: (?:\w+\.c:\d+:\w+: )?(?:Domain \d+:)?(?<said>.+?)(?:: Internal error)?\z")]
    private static partial Regex Error();

    /// <summary><c>xc: info: Restoring domain</c></summary>
    [GeneratedRegex(@"\A(?:lib)?(?:xl|xc|xlu): (?:info|progress|detail|debug): ")]
    private static partial Regex News();

    [GeneratedRegex(@"script: (?<said>.+)\z")]
    private static partial Regex Script();
}
