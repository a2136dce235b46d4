using System.Xml.Linq;
using Godwit.Native.Processes;

namespace Godwit.Package.Tests;

public sealed class PackageTests(BuiltPackage package)
{
    [Fact]
    public async Task Lintian_finds_nothing_wrong()
    {
        var result = await ProgramRunner.TryRunAsync(["lintian", "--allow-root", "--fail-on", "error,warning", package.Path]);
        Assert.True(result.Succeeded, result.Output + result.Error);
    }

    [Fact]
    public void The_same_programs_give_the_same_package() =>
        Assert.Equal(File.ReadAllBytes(package.Path), File.ReadAllBytes(package.Again));

    [Fact]
    public void Its_version_is_that_of_the_programs()
    {
        var version = XDocument.Load(Path.Combine(BuiltPackage.Repository(), "Directory.Build.props")).Descendants("Version").Single().Value;
        Assert.Equal($"godwit_{version}_amd64.deb", Path.GetFileName(package.Path));
    }

    [Fact]
    public void The_configuration_is_the_administrators() =>
        Assert.Equal(["/etc/godwit/godwitd.toml"], File.ReadAllLines(Path.Combine(package.Control, "conffiles")));

    /// <summary>As the links say where they are: the programs look for each other, and for SQLite, beside themselves.</summary>
    [Theory]
    [InlineData("usr/bin/godwit", "version", "godwit 0.1.0")]
    [InlineData("usr/sbin/godwitd", "--version", "0.1.0")]
    [InlineData("usr/sbin/godwit-aoe", "--version", "0.1.0")]
    public async Task Its_programs_run_from_where_they_are_called(string link, string word, string said)
    {
        Assert.Equal("../lib/godwit/" + Path.GetFileName(link), new FileInfo(package.At(link)).LinkTarget);
        Assert.StartsWith(said, await ProgramRunner.RunAsync([package.At(link), word]), StringComparison.Ordinal);
    }

    [Fact]
    public void The_articles_name_for_it_is_there_too()
    {
        Assert.Equal("../lib/godwit/godwit", new FileInfo(package.At("usr/bin/xm")).LinkTarget);
        Assert.Equal("godwit.1.gz", new FileInfo(package.At("usr/share/man/man1/xm.1.gz")).LinkTarget);
    }

    [Fact]
    public void Its_programs_are_together_with_their_library() => Assert.Equal(
        ["godwit", "godwit-aoe", "godwitd", "libe_sqlite3.so"],
        Directory.EnumerateFiles(package.At("usr/lib/godwit")).Select(Path.GetFileName).Order(StringComparer.Ordinal));

    [Theory]
    [InlineData("man1/godwit.1.gz", "godwit migrate NAME HOST", "EXIT STATUS", "--storage-interface IF")]
    [InlineData("man8/godwitd.8.gz", "--config FILE", "godwit.slice", "/etc/godwit/godwitd.toml")]
    [InlineData("man8/godwit-aoe.8.gz", "godwit-aoe export", "--interface", "EXIT STATUS")]
    [InlineData("man5/godwitd.toml.5.gz", "[storage]", "interface = ", "eth1")]
    public async Task Its_manual_pages_are_set_without_a_warning(string page, params string[] words)
    {
        var result = await ProgramRunner.TryRunAsync(
            ["env", "MANROFFSEQ=", "MANWIDTH=80", "LC_ALL=C.UTF-8", "man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", package.At("usr/share/man/" + page)]);
        Assert.Equal(("", 0), (result.Error, result.ExitCode));
        var text = await ProgramRunner.RunAsync(
            ["env", "MANWIDTH=80", "LC_ALL=C.UTF-8", "MAN_KEEP_FORMATTING=", "man", "-P", "cat", "-E", "ascii", "-l", package.At("usr/share/man/" + page)]);
        Assert.All(words, word => Assert.Contains(word, text, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("godwit mig", "migrate migration")]
    [InlineData("godwit migrate --down", "--downtime-limit")]
    [InlineData("godwit pool ", "excuse init join status token")]
    public async Task Bash_completes_its_commands(string line, string expected) =>
        Assert.Equal(expected, await CompleteAsync("godwit", line));

    [Fact]
    public async Task Bash_completes_those_of_the_tool() => Assert.Equal("discover", await CompleteAsync("godwit-aoe", "godwit-aoe dis"));

    [Theory]
    [InlineData("zsh/vendor-completions/_godwit", "#compdef godwit\n")]
    [InlineData("fish/vendor_completions.d/godwit-aoe.fish", "# Completion of godwit-aoe for fish.\ncomplete -c godwit-aoe ")]
    public void Other_shells_have_theirs(string path, string begins) =>
        Assert.StartsWith(begins, File.ReadAllText(package.At("usr/share/" + path)), StringComparison.Ordinal);

    /// <summary>What bash offers when the cursor stands at the end of a line.</summary>
    private async Task<string> CompleteAsync(string program, string line)
    {
        var script =
            $$"""
            PATH={{package.At("usr/bin")}}:{{package.At("usr/sbin")}}:$PATH
            . {{package.At($"usr/share/bash-completion/completions/{program}")}}
            COMP_LINE=$1 COMP_POINT=${#1}
            read -r -a COMP_WORDS <<< "$1"
            [[ $1 == *' ' ]] && COMP_WORDS+=('')
            COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
            _{{program.Replace('-', '_')}}
            printf '%s\n' "${COMPREPLY[@]}"
            """;
        var offered = await ProgramRunner.RunAsync(["bash", "-c", script, "bash", line]);
        return string.Join(' ', offered.Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal));
    }
}
