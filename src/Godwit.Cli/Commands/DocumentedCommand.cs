using System.CommandLine;
using Godwit.Cli.Running;

namespace Godwit.Cli.Commands;

/// <summary>A command with examples, which its help and docs/commands.md show.</summary>
internal sealed class DocumentedCommand(string name, string description) : Command(name, description)
{
    /// <summary>What its help and docs/commands.md say beyond the description; empty where that says it all.</summary>
    public string Explanation { get; init; } = "";

    /// <summary>Whole command lines, each with a few words on what it does.</summary>
    public (string Line, string What)[] Examples { get; init; } = [];

    /// <summary>Sets what the command does; failures are thrown, and printed in one place.</summary>
    public DocumentedCommand Runs(Surroundings around, Func<Invocation, CancellationToken, Task<ExitCode>> run)
    {
        SetAction(async (parsed, ct) =>
            (int)await run(new Invocation(parsed, around), ct).ConfigureAwait(false));
        return this;
    }
}
