using System.CommandLine;

namespace Godwit.AoeTool.Commands;

/// <summary>A command with examples, which its help shows.</summary>
internal sealed class DocumentedCommand(string name, string description) : Command(name, description)
{
    /// <summary>Whole command lines, each with a few words on what it does.</summary>
    public (string Line, string What)[] Examples { get; init; } = [];

    public DocumentedCommand Runs(Func<ParseResult, CancellationToken, Task<ExitCode>> run)
    {
        SetAction(async (parsed, ct) => (int)await run(parsed, ct).ConfigureAwait(false));
        return this;
    }
}
