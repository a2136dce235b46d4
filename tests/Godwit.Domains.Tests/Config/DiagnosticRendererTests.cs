using Godwit.Domains.Config;

namespace Godwit.Domains.Tests.Config;

public sealed class DiagnosticRendererTests
{
    private static string Render(string text) => DiagnosticRenderer.Render(ConfigReader.Read(text, "vm1").Diagnostics[0], text, "vm1");

    [Fact]
    public void Shows_the_line_and_marks_the_place() => Assert.Equal("""
        vm1:2:10: error: memory is a number of MiB, not a string
            memory = "lots"
                     ^~~~~~
          write memory = 256
        """.ReplaceLineEndings("\n"), Render("name = 'a'\nmemory = \"lots\"  # MiB\n").Replace("  # MiB", "", StringComparison.Ordinal));

    [Theory]
    [InlineData("name = 'a'\n\tmemory\t= 'x'", "\tmemory\t= 'x'", "\t      \t  ^~~")]
    [InlineData("name = 'a'\r\nmemory = 'x'\r\n", "memory = 'x'", "         ^~~")]
    [InlineData("\uFEFFmemory = 'x'\nname = 'a'", "memory = 'x'", "         ^~~")]
    [InlineData("name = 'a'\nmemory = 'x\n", "memory = 'x", "         ^~")]
    [InlineData("name = 'a'\nmemory = '''x\ny'''", "memory = '''x", "         ^~~~")]
    [InlineData("name = 'a'\nmemory =", "memory =", "        ^")]
    public void The_mark_stands_under_what_it_means(string text, string line, string mark)
    {
        var lines = Render(text).Split('\n');
        Assert.Equal(("    " + line, "    " + mark), (lines[1], lines[2]));
    }

    [Fact]
    public void A_long_line_is_cut_and_not_shown_for_a_place_behind_the_cut()
    {
        var near = Render("memory = 'x'; name = 'a'; #" + new string('x', 1000)).Split('\n');
        Assert.Equal((204, "             ^~~"), (near[1].Length, near[2]));
        var far = Render(new string(' ', 300) + "memory = 'x'; name = 'a'").Split('\n');
        Assert.Equal(["vm1:1:310: error: memory is a number of MiB, not a string", "  write memory = 256"], far);
    }

    [Fact]
    public void A_place_beyond_the_text_is_no_fault() => Assert.Equal(
        "f:9:9: warning: m\n    b\n     ^",
        DiagnosticRenderer.Render(new Diagnostic(Severity.Warning, "m", new Span(99, 5, 9, 9)), "a\nb", "f"));
}
