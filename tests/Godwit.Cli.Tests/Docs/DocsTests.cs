using System.CommandLine;
using System.Runtime.CompilerServices;
using Godwit.Cli.Commands;

namespace Godwit.Cli.Tests.Docs;

/// <summary>
/// docs/commands.md says what the program does. After a change to the commands, run these tests once with
/// GODWIT_WRITE_DOCS=1, and the file is written anew.
/// </summary>
public sealed class DocsTests
{
    [Fact]
    public void Command_reference_is_what_the_program_says()
    {
        using var around = new TestSurroundings();
        var written = CommandReference.Write(CommandLine.Build(around.Around));
        var path = DocsFile("commands.md");
        if (Environment.GetEnvironmentVariable("GODWIT_WRITE_DOCS") == "1") File.WriteAllText(path, written);
        Assert.Equal(written, File.ReadAllText(path));
    }

    [Fact]
    public void Exit_codes_are_all_described()
    {
        var text = File.ReadAllText(DocsFile("exit-codes.md"));
        Assert.All(Enum.GetValues<ExitCode>(), code => Assert.Contains($"\n| {(int)code} | ", text, StringComparison.Ordinal));
    }

    [Fact]
    public void Every_command_has_a_description_and_an_example_that_parses()
    {
        using var around = new TestSurroundings();
        var root = CommandLine.Build(around.Around);
        var commands = Leaves(root).ToList();
        Assert.True(commands.Count > 20, $"only {commands.Count} commands were found");
        Assert.All(commands, command =>
        {
            var documented = Assert.IsType<DocumentedCommand>(command);
            Assert.NotEmpty(documented.Description!);
            Assert.NotEmpty(documented.Examples);
            Assert.All(documented.Examples, example =>
            {
                // What stands behind a pipe, a redirection or an operator of the shell is not for godwit.
                var words = example.Line[example.Line.IndexOf("godwit ", StringComparison.Ordinal)..].Split(' ')
                    .Skip(1).TakeWhile(w => w is not ("|" or "||" or "&&" or ">" or "<")).ToArray();
                var parsed = root.Parse(words);
                Assert.Empty(parsed.Errors);
                Assert.Same(command, parsed.CommandResult.Command);
            });
        });
    }

    private static IEnumerable<Command> Leaves(Command command) =>
        command.Subcommands.Count == 0 ? [command] : command.Subcommands.Where(sub => !sub.Hidden).SelectMany(Leaves);

    private static string DocsFile(string name, [CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", "..", "docs", name));
}
