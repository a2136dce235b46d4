using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Godwit.Manual;

/// <summary>The library's help, followed by a command's examples; for the program itself by its exit codes.</summary>
public sealed class HelpWithExamples : SynchronousCommandLineAction
{
    /// <summary>Longest command line that has what it does beside it; longer ones have it below.</summary>
    private const int LongestBeside = 60;

    private readonly SynchronousCommandLineAction _plain;
    private readonly ProgramManual _manual;

    private HelpWithExamples(SynchronousCommandLineAction plain, ProgramManual manual) => (_plain, _manual) = (plain, manual);

    public override bool ClearsParseErrors => true;

    public static void AddTo(RootCommand root, ProgramManual manual)
    {
        var help = root.Options.OfType<HelpOption>().Single();
        // The library's others are those of other systems.
        help.Aliases.Clear();
        help.Aliases.Add("-h");
        help.Action = new HelpWithExamples((SynchronousCommandLineAction)help.Action!, manual);
    }

    public override int Invoke(ParseResult parseResult)
    {
        var result = _plain.Invoke(parseResult);
        var output = parseResult.InvocationConfiguration.Output;
        if (parseResult.CommandResult.Command is DocumentedCommand { Examples: { Count: > 0 } examples } command)
            Write(output, command.Explanation, examples);
        else if (parseResult.CommandResult.Command is RootCommand)
        {
            output.WriteLine("Exit codes:");
            foreach (var (code, meaning) in _manual.ExitCodes) output.WriteLine($"  {code}  {meaning}");
            output.WriteLine();
        }
        return result;
    }

    private static void Write(TextWriter output, string explanation, IReadOnlyList<(string Line, string What)> examples)
    {
        if (explanation.Length > 0)
        {
            output.WriteLine(explanation);
            output.WriteLine();
        }
        output.WriteLine("Examples:");
        var width = examples.Max(e => e.Line.Length);
        foreach (var (line, what) in examples)
            output.WriteLine(width > LongestBeside ? $"  {line}\n      {what}" : $"  {line.PadRight(width)}  {what}");
        output.WriteLine();
    }
}
