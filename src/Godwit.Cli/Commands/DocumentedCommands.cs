using Godwit.Cli.Running;

namespace Godwit.Cli.Commands;

internal static class DocumentedCommands
{
    /// <summary>Sets what the command does; failures are thrown, and printed in one place.</summary>
    public static DocumentedCommand Runs(
        this DocumentedCommand command, Surroundings around, Func<Invocation, CancellationToken, Task<ExitCode>> run)
    {
        command.SetAction(async (parsed, ct) =>
            (int)await run(new Invocation(parsed, around), ct).ConfigureAwait(false));
        return command;
    }
}
