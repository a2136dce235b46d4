using System.CommandLine;
using System.CommandLine.Invocation;
using Godwit.Aoe.Control;
using Godwit.AoeTool.Commands;
using Godwit.AoeTool.Running;
using Godwit.Domains;

namespace Godwit.AoeTool;

/// <summary>The whole of <c>godwit-aoe</c>: words in, exit code out. Nothing escapes it as a stack trace.</summary>
internal static class CommandLine
{
    public static async Task<ExitCode> RunAsync(IReadOnlyList<string> arguments)
    {
        var parsed = Build().Parse(arguments);
        if (parsed.Errors.Count > 0 && parsed.Action is ParseErrorAction)
        {
            foreach (var error in parsed.Errors) await Console.Error.WriteLineAsync($"godwit-aoe: {error.Message}").ConfigureAwait(false);
            await Console.Error.WriteLineAsync(
                $"Try 'godwit-aoe {(parsed.CommandResult.Command is RootCommand ? "" : parsed.CommandResult.Command.Name + " ")}--help'.").ConfigureAwait(false);
            return ExitCode.Usage;
        }
        using var stop = new StopSignal();
        var configuration = new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null };
        try
        {
            return (ExitCode)await parsed.InvokeAsync(configuration, stop.Token).ConfigureAwait(false);
        }
        catch (GodwitException e)
        {
            await Console.Error.WriteLineAsync($"godwit-aoe: {e.Message}").ConfigureAwait(false);
            if (e.Remedy is not null) await Console.Error.WriteLineAsync($"  {e.Remedy}").ConfigureAwait(false);
            return e.Code == AoeControlCode.BadRequest ? ExitCode.Usage : ExitCode.Failure;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync($"godwit-aoe: {e.Message}").ConfigureAwait(false);
            return ExitCode.Failure;
        }
        catch (OperationCanceledException) when (stop.Token.IsCancellationRequested)
        {
            return ExitCode.Failure;
        }
    }

    private static RootCommand Build()
    {
        var root = new RootCommand("ATA over Ethernet: serves disks to a network, and uses those that others serve.")
        {
            ExportCommand.Build(),
            TargetCommand.Build(),
            AttachCommand.Build(),
            DiscoverCommand.Build(),
            StatCommand.Build(),
        };
        ManualCommand.AddTo(root, AoeManual.Instance);
        HelpWithExamples.AddTo(root, AoeManual.Instance);
        return root;
    }
}
