using System.CommandLine;

namespace Godwit.Manual;

/// <summary>What a program's manual has beyond its commands.</summary>
/// <param name="Program">Its name.</param>
/// <param name="Section">Section of the manual.</param>
/// <param name="Version">Its version.</param>
public sealed record ProgramManual(string Program, int Section, string Version)
{
    /// <summary>What its exit codes mean.</summary>
    public required IReadOnlyList<(int Code, string Meaning)> ExitCodes { get; init; }

    /// <summary>Environment variables that it heeds.</summary>
    public IReadOnlyList<(string Name, string What)> Environment { get; init; } = [];

    /// <summary>Files that it uses.</summary>
    public IReadOnlyList<(string Path, string What)> Files { get; init; } = [];

    /// <summary>Other pages, as in <c>godwitd(8)</c>.</summary>
    public IReadOnlyList<string> SeeAlso { get; init; } = [];

    /// <summary>The page, in roff as man(7) describes it.</summary>
    public string Write(RootCommand root)
    {
        var page = new ManualPage(Program, Section, Version, root.Description!);
        page.Section("SYNOPSIS").Line($"{ManualPage.Bold(Program)} {ManualPage.Italic("COMMAND")} [options]");
        page.Section("DESCRIPTION").Paragraphs(root.Description!);
        page.Section("OPTIONS").Text("Every command takes these.");
        foreach (var option in Shown(root.Options).Where(option => option.Recursive)) Write(page, option);
        page.Section("COMMANDS");
        foreach (var command in root.Subcommands) Write(page, command, command.Name);
        page.Terms("EXIT STATUS", ExitCodes.Select(code => ($"{code.Code}", code.Meaning)));
        page.Terms("ENVIRONMENT", Environment);
        page.Terms("FILES", Files);
        if (SeeAlso.Count > 0) page.Section("SEE ALSO").Text(string.Join(", ", SeeAlso));
        return page.ToString();
    }

    private void Write(ManualPage page, Command command, string path)
    {
        if (command.Hidden) return;
        if (command is not DocumentedCommand documented)
        {
            foreach (var sub in command.Subcommands) Write(page, sub, $"{path} {sub.Name}");
            return;
        }
        var arguments = command.Arguments.Select(a => a.Arity.MinimumNumberOfValues == 0 ? $" [{a.Name}]" : $" {a.Name}");
        var options = Shown(command.Options).ToList();
        page.Subsection($"{Program} {path}{string.Concat(arguments)}{(options.Count > 0 ? " [options]" : "")}");
        page.Paragraphs(documented.Description! + ".");
        if (documented.Explanation.Length > 0) page.Paragraphs(documented.Explanation);
        foreach (var argument in command.Arguments.Where(a => a.Description is not null))
            page.Term(ManualPage.Italic(argument.Name), argument.Description!);
        foreach (var option in options) Write(page, option);
        if (documented.Examples.Count > 0) page.Examples(documented.Examples);
    }

    private static void Write(ManualPage page, Option option)
    {
        var names = string.Join(", ", NamesOf(option).Select(ManualPage.Bold));
        page.Term(option.HelpName is { } value ? $"{names} {ManualPage.Italic(value)}" : names, option.Description ?? "");
    }

    private static IEnumerable<string> NamesOf(Option option) => option.Aliases.Prepend(option.Name).Distinct().OrderBy(name => name.Length);

    private static IEnumerable<Option> Shown(IEnumerable<Option> options) => options.Where(option => !option.Hidden);
}
