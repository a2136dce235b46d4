using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Godwit.Cli.Commands;

/// <summary>The library's help, followed by a command's examples; for <c>godwit</c> itself by the exit codes.</summary>
internal sealed class HelpWithExamples(SynchronousCommandLineAction plain) : SynchronousCommandLineAction
{
    public override bool ClearsParseErrors => true;

    public static void AddTo(RootCommand root)
    {
        // `godwit version` says more; a second way to ask would only differ.
        if (root.Options.OfType<VersionOption>().SingleOrDefault() is { } version) root.Options.Remove(version);
        var help = root.Options.OfType<HelpOption>().Single();
        help.Action = new HelpWithExamples((SynchronousCommandLineAction)help.Action!);
    }

    public override int Invoke(ParseResult parseResult)
    {
        var result = plain.Invoke(parseResult);
        var output = parseResult.InvocationConfiguration.Output;
        if (parseResult.CommandResult.Command is DocumentedCommand { Examples: { Length: > 0 } examples } command)
        {
            if (command.Explanation.Length > 0)
            {
                output.WriteLine(command.Explanation);
                output.WriteLine();
            }
            output.WriteLine("Examples:");
            var width = examples.Max(e => e.Line.Length);
            foreach (var (line, what) in examples) output.WriteLine($"  {line.PadRight(width)}  {what}");
            output.WriteLine();
        }
        else if (parseResult.CommandResult.Command is RootCommand)
        {
            output.WriteLine(
                """
                Exit codes:
                  0  done
                  1  the request failed or was refused
                  2  the command line could not be understood
                  3  no godwitd answered
                  4  interrupted, or a time limit passed
                  5  a list was printed that may lack something: the registry is away

                """);
        }
        return result;
    }
}
