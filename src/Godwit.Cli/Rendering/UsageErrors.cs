using System.CommandLine;
using System.CommandLine.Parsing;
using Godwit.Api;
using Godwit.Cli.Commands;
using Godwit.Cli.Running;
using Godwit.Domains.Config;

namespace Godwit.Cli.Rendering;

/// <summary>A command line that could not be understood: what is wrong, what may have been meant, where help is.</summary>
internal static class UsageErrors
{
    public static ExitCode Print(ParseResult parsed, Surroundings around)
    {
        var (message, remedy) = Describe(parsed, around.Program);
        Failures.Print(new ApiError("usage", message, remedy), parsed.GetValue(GlobalOptions.Json), around);
        return ExitCode.Usage;
    }

    private static (string Message, string Remedy) Describe(ParseResult parsed, string program)
    {
        var command = parsed.CommandResult.Command;
        var path = string.Join(' ', Path(parsed.CommandResult));
        var who = path.Length == 0 ? program : path;
        var help = path.Length == 0 ? $"see {program} --help" : $"see {program} {path} --help";
        if (parsed.UnmatchedTokens is [var word, ..])
        {
            var isOption = word.StartsWith('-');
            var known = isOption ? OptionNames(parsed.CommandResult) : command.Subcommands.SelectMany(c => c.Aliases.Prepend(c.Name));
            var message = isOption ? $"{who} has no option {word}"
                : command.Subcommands.Count > 0 ? $"{who} has no command {word}"
                : $"{who} takes no further argument: {word}";
            return (message, Nearest.To(word, known) is { } near ? $"did you mean {near}? else {help}" : help);
        }
        var error = parsed.Errors[0];
        return error.SymbolResult switch
        {
            CommandResult { Command.Subcommands: { Count: > 0 } all } =>
                ($"{who} needs a command", "one of " + string.Join(", ", all.Where(c => !c.Hidden).Select(c => c.Name)) + "; " + help),
            ArgumentResult { Tokens.Count: 0, Argument.Name: var name } => ($"{who} needs {name}", help),
            _ when MissingOption(parsed) is { } option => ($"{who} needs {option.Name} {option.HelpName}", help),
            _ => (error.Message, help),
        };
    }

    private static Option? MissingOption(ParseResult parsed) =>
        parsed.CommandResult.Command.Options.FirstOrDefault(o => o.Required && parsed.GetResult(o) is null or { Implicit: true });

    private static IEnumerable<string> Path(SymbolResult? result) =>
        result is CommandResult { Command: not RootCommand } command
            ? Path(command.Parent).Append(command.Command.Name)
            : [];

    private static IEnumerable<string> OptionNames(SymbolResult? result) =>
        result is CommandResult command
            ? command.Command.Options.Where(o => result.Parent is null || !o.Hidden).Select(o => o.Name).Concat(OptionNames(command.Parent))
            : [];
}
