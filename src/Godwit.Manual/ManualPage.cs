using System.Text;

namespace Godwit.Manual;

/// <summary>
/// A page of the manual in roff with the macros of man(7). What is given as text is escaped here; <see cref="Bold"/> and
/// <see cref="Italic"/> escape theirs and give roff, which <see cref="Line"/> and the terms of <see cref="Term"/> take.
/// </summary>
public sealed class ManualPage
{
    private readonly StringBuilder _roff = new();

    /// <param name="summary">A sentence; its first letter and its full stop are fitted to the line of NAME.</param>
    public ManualPage(string name, int section, string version, string summary)
    {
        _roff.Append($".TH {Escape(name).ToUpperInvariant()} {section} \"\" \"Godwit {version}\" \"Godwit\"\n");
        // No hyphenation, and lines that are not stretched: most words here are to be typed.
        _roff.Append(".nh\n.ad l\n");
        Section("NAME").Line($"{Escape(name)} \\- {Escape(summary.TrimEnd('.'))}");
    }

    public static string Bold(string text) => $"\\fB{Escape(text)}\\fR";

    public static string Italic(string text) => $"\\fI{Escape(text)}\\fR";

    public ManualPage Section(string title) => Append($".SH {Quote(title)}\n");

    public ManualPage Subsection(string title) => Append($".SS {Quote(title)}\n");

    /// <summary>One line of roff.</summary>
    public ManualPage Line(string roff) => Append(Guard(roff) + "\n");

    public ManualPage Text(string text) => Line(Escape(text));

    /// <summary>Text in paragraphs, which blank lines part.</summary>
    public ManualPage Paragraphs(string text)
    {
        foreach (var paragraph in text.Split("\n\n"))
        {
            Append(".PP\n");
            foreach (var line in paragraph.Split('\n')) Text(line);
        }
        return this;
    }

    /// <param name="term">What is explained, in roff.</param>
    /// <param name="text">What it is.</param>
    public ManualPage Term(string term, string text)
    {
        Append(".TP\n").Line(term);
        foreach (var line in text.Split('\n')) Text(line);
        return this;
    }

    /// <summary>A section of terms; none where there are none.</summary>
    public void Terms(string title, IEnumerable<(string Term, string Text)> terms)
    {
        var first = true;
        foreach (var (term, text) in terms)
        {
            if (first) Section(title);
            first = false;
            Term(Bold(term), text);
        }
    }

    /// <summary>Command lines as they are typed, each with what it does.</summary>
    public void Examples(IEnumerable<(string Line, string What)> examples)
    {
        Append(".PP\nExamples:\n");
        foreach (var (line, what) in examples) Term(Bold(line), what);
    }

    public override string ToString() => _roff.ToString();

    /// <summary>Backslashes and minus signs mean something else to roff than what they are.</summary>
    private static string Escape(string text) => text.Replace("\\", "\\e", StringComparison.Ordinal).Replace("-", "\\-", StringComparison.Ordinal);

    /// <summary>A line that begins with a full stop or an apostrophe would be a request.</summary>
    private static string Guard(string line) => line.StartsWith('.') || line.StartsWith('\'') ? "\\&" + line : line;

    private static string Quote(string title) => $"\"{Escape(title).Replace("\"", "\\(dq", StringComparison.Ordinal)}\"";

    private ManualPage Append(string roff)
    {
        _roff.Append(roff);
        return this;
    }
}
