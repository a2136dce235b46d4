using CsCheck;
using Godwit.Domains.Config;

namespace Godwit.Domains.Tests.Config;

/// <summary>Whatever the text: the reader never throws, and what it says can be shown.</summary>
public sealed class FuzzTests
{
    private static readonly string[] s_words =
    [
        "name", "memory", "disk", "vif", "root", "x", "None", "True", "if", "r", "=", "==", "+", "+=", "-", ",", ";", "[", "]", "(", ")",
        "'", "\"", "'''", "\"\"\"", "\\", "\\x4", "\n", "\r\n", "\t", " ", "#", "\0", "\uFEFF", "\uD83D", "é", "256", "0x", "09", "1.5",
        "'a'", "'phy:a/b,xvda,w'", "'mac=02:00:00:00:00:01'", "'ip='", "'tap:aio:'", "'target='", "''", "/", "{", "%",
    ];

    private static readonly Gen<string> s_word = Gen.Int[0, s_words.Length - 1].Select(i => s_words[i]);

    [Fact]
    public void Soup_of_words() => s_word.Array[0, 40].Select(string.Concat).Sample(Check, iter: 15_000);

    [Fact]
    public void The_articles_file_with_changes()
    {
        var edit = Gen.Select(Gen.Int[0, Specs.Article.Length], Gen.Int[0, 12], Gen.OneOf(s_word, Gen.String[Gen.Char, 0, 3]));
        edit.Array[1, 6].Select(Apply).Sample(Check, iter: 15_000);
    }

    [Fact]
    public void Entries_of_devices() => Gen.Select(Gen.Char["dv"], Gen.String[Gen.Char["phytafile:aocdrom=,/ .0129xvdmtug\t"], 0, 30]).Sample(
        (kind, entry) => Check($"name='a'\nmemory=64\n{(kind == 'd' ? "disk" : "vif")}=['{entry}']"), iter: 10_000);

    private static string Apply((int At, int Remove, string Insert)[] edits) => edits.Aggregate(Specs.Article, (text, edit) =>
    {
        var at = Math.Min(edit.At, text.Length);
        return string.Concat(text.AsSpan(0, at), edit.Insert, text.AsSpan(Math.Min(at + edit.Remove, text.Length)));
    });

    private static void Check(string text)
    {
        var result = ConfigReader.Read(text, "vm1");
        Assert.Equal(result.Spec is null, result.Diagnostics.Any(d => d.Severity == Severity.Error));
        foreach (var diagnostic in result.Diagnostics)
        {
            var span = diagnostic.Span;
            Assert.True(span is { Offset: >= 0, Length: >= 0, Line: >= 1, Column: >= 1 } && (text.Length == 0 || span.Offset + span.Length <= text.Length),
                $"{diagnostic} of {text}");
            Assert.NotEmpty(DiagnosticRenderer.Render(diagnostic, text, "vm1"));
        }
        if (result.Spec is { } spec)
            Specs.Same(spec, ConfigReader.Read(SpecWriter.Write(spec), "vm1").Spec!);
    }
}
