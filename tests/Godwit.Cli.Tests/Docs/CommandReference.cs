using System.CommandLine;
using System.Text;
using Godwit.Cli.Commands;

namespace Godwit.Cli.Tests.Docs;

/// <summary>Writes docs/commands.md from the commands themselves.</summary>
internal static class CommandReference
{
    public static string Write(RootCommand root)
    {
        var text = new StringBuilder(
            """
            # Commands of `godwit`

            Written from the program's own help, and compared with it by a test. Exit codes and errors are described in
            [exit-codes.md](exit-codes.md). Whoever knows `xl` or `xm` knows most of these.

            Every command takes these options:

            | option | does |
            |---|---|

            """);
        foreach (var option in root.Options.Where(o => o.Recursive)) WriteOption(text, option);
        foreach (var command in root.Subcommands) WriteCommand(text, command, command.Name);
        return text.ToString();
    }

    private static void WriteCommand(StringBuilder text, Command command, string path)
    {
        if (command is not DocumentedCommand documented)
        {
            foreach (var sub in command.Subcommands) WriteCommand(text, sub, $"{path} {sub.Name}");
            return;
        }
        text.Append('\n').Append("## ").Append(path).Append("\n\n").Append(command.Description).Append(".\n");
        if (documented.Explanation.Length > 0) text.Append('\n').Append(documented.Explanation).Append('\n');
        text.Append("\n```\ngodwit ").Append(path);
        foreach (var argument in command.Arguments)
            text.Append(argument.Arity.MinimumNumberOfValues == 0 ? $" [{argument.Name}]" : $" {argument.Name}");
        if (command.Options.Count > 0) text.Append(" [options]");
        text.Append("\n```\n");
        if (command.Options.Count > 0) text.Append("\n| option | does |\n|---|---|\n");
        foreach (var option in command.Options) WriteOption(text, option);
        text.Append('\n');
        foreach (var (line, what) in documented.Examples)
            text.Append("    ").Append(line).Append('\n').Append("        # ").Append(what).Append('\n');
    }

    private static void WriteOption(StringBuilder text, Option option)
    {
        var names = string.Join(", ", option.Aliases.Prepend(option.Name).OrderBy(n => n.Length).Select(n => $"`{n}`"));
        var value = option.HelpName is null ? "" : $" {option.HelpName}";
        text.Append($"| {names}{value} | {option.Description} |\n");
    }
}
