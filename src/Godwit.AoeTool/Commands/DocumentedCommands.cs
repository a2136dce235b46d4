using System.CommandLine;

namespace Godwit.AoeTool.Commands;

internal static class DocumentedCommands
{
    public static DocumentedCommand Runs(this DocumentedCommand command, Func<ParseResult, CancellationToken, Task<ExitCode>> run)
    {
        command.SetAction(async (parsed, ct) => (int)await run(parsed, ct).ConfigureAwait(false));
        return command;
    }
}
