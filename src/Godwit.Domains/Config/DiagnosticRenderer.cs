using System.Globalization;
using System.Text;

namespace Godwit.Domains.Config;

/// <summary>
/// Shows a diagnostic as compilers do:
/// <code>
///  vm1:4:10: error: memory is a number of MiB, not a string
///      memory = "lots"
///               ^~~~~~
///    write memory = 256
/// </code>
/// </summary>
public static class DiagnosticRenderer
{
    private const int LongestLine = 200;

    public static string Render(Diagnostic diagnostic, string text, string path)
    {
        var (span, output) = (diagnostic.Span, new StringBuilder());
        output.Append(CultureInfo.InvariantCulture,
            $"{path}:{span.Line}:{span.Column}: {diagnostic.Severity.ToString().ToLowerInvariant()}: {diagnostic.Message}");
        var line = LineAt(text, span.Offset);
        var before = Math.Min(span.Column - 1, line.Length);
        if (before < LongestLine)
        {
            var shown = line.Length > LongestLine ? line[..LongestLine] : line;
            output.Append("\n    ").Append(shown).Append("\n    ");
            // A tab before the caret stays a tab, so that both lines are equally wide whatever its width.
            foreach (var c in shown[..before])
                output.Append(c == '\t' ? '\t' : ' ');
            output.Append('^').Append('~', Math.Clamp(Math.Min(span.Length, shown.Length - before) - 1, 0, LongestLine));
        }
        if (diagnostic.Hint is { } hint)
            output.Append("\n  ").Append(hint);
        return output.ToString();
    }

    private static string LineAt(string text, int offset)
    {
        offset = Math.Clamp(offset, 0, text.Length);
        var start = offset == 0 ? 0 : text.LastIndexOf('\n', offset - 1) + 1;
        var end = text.IndexOf('\n', offset);
        return text[start..(end < 0 ? text.Length : end)].TrimEnd('\r').TrimStart('\uFEFF');
    }
}
