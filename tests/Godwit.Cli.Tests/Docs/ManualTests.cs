using System.CommandLine;
using System.Text.RegularExpressions;

namespace Godwit.Cli.Tests.Docs;

/// <summary>The hidden command that the package is made with.</summary>
public sealed class ManualTests
{
    [Fact]
    public async Task The_page_has_every_command_with_its_options()
    {
        using var around = new TestSurroundings();
        Assert.Equal(ExitCode.Success, await around.RunAsync("manual", "page"));
        var root = CommandLine.Build(around.Around);
        var commands = Documented(root, "godwit").ToList();
        Assert.True(commands.Count > 20);
        foreach (var (path, command) in commands)
        {
            var part = Regex.Match(around.Out, $"""\.SS "{Regex.Escape(path.Replace("-", "\\-", StringComparison.Ordinal))}[ "].*?(?=\n\.S[SH]|\z)""", RegexOptions.Singleline);
            Assert.True(part.Success, path);
            Assert.All(command.Options.Where(option => !option.Hidden), option =>
                Assert.Contains($"\\fB{option.Name.Replace("-", "\\-", StringComparison.Ordinal)}\\fR", part.Value, StringComparison.Ordinal));
        }
        Assert.DoesNotContain("godwit manual", around.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Help_does_not_show_it()
    {
        using var around = new TestSurroundings();
        Assert.Equal(ExitCode.Success, await around.RunAsync("--help"));
        Assert.DoesNotContain("manual", around.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_it_does_not_know_is_refused()
    {
        using var around = new TestSurroundings();
        Assert.Equal(ExitCode.Usage, await around.RunAsync("manual", "csh"));
    }

    [Fact]
    public void What_roff_would_take_for_its_own_is_escaped()
    {
        var page = new ManualPage("x", 1, "1.0", "does \\ it.").Paragraphs(".not a request\n'nor this").Term(ManualPage.Bold("--a-b"), "c").ToString();
        Assert.Equal(
            """
            .TH X 1 "" "Godwit 1.0" "Godwit"
            .nh
            .ad l
            .SH "NAME"
            x \- does \e it
            .PP
            \&.not a request
            \&'nor this
            .TP
            \fB\-\-a\-b\fR
            c

            """, page);
    }

    private static IEnumerable<(string Path, Command Command)> Documented(Command command, string path) =>
        command is DocumentedCommand ? [(path, command)] : command.Subcommands.Where(sub => !sub.Hidden).SelectMany(sub => Documented(sub, $"{path} {sub.Name}"));
}
