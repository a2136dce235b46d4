using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using Godwit.Cli.Commands;
using Godwit.Cli.Rendering;
using Godwit.Cli.Running;
using Godwit.Cli.Xm;

namespace Godwit.Cli;

/// <summary>The whole of <c>godwit</c>: words in, exit code out. Nothing escapes it as a stack trace.</summary>
internal static class CommandLine
{
    public static Task<ExitCode> RunAsync(IReadOnlyList<string> arguments, Surroundings around)
    {
        if (!XmCommandLine.Answers(around.Program)) return RunAsync(Build(around), arguments, around);
        if (arguments is not [var word, ..] || XmMissing.Of(around.Program, word) is not { } missing)
            return RunAsync(XmCommandLine.Build(around), arguments is ["help", ..] ? [.. arguments.Skip(1), "--help"] : arguments, around);
        Failures.Print(missing, json: false, around);
        return Task.FromResult(ExitCode.Usage);
    }

    /// <summary>Runs one of a root's commands.</summary>
    public static async Task<ExitCode> RunAsync(RootCommand root, IReadOnlyList<string> arguments, Surroundings around)
    {
        var parsed = root.Parse(arguments);
        if (parsed.Errors.Count > 0 && parsed.Action is not HelpAction and ParseErrorAction)
            return UsageErrors.Print(parsed, around);
        var configuration = new InvocationConfiguration
        {
            Output = around.Out,
            Error = around.Error,
            EnableDefaultExceptionHandler = false,
            // Interrupts are ours: a migration must be able to cancel and wait.
            ProcessTerminationTimeout = null,
        };
        try
        {
            return (ExitCode)await parsed.InvokeAsync(configuration, around.Interrupts.First).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return Failures.Print(e, parsed.GetValue(GlobalOptions.Json), around);
        }
    }

    public static RootCommand Build(Surroundings around)
    {
        var root = new RootCommand("Runs virtual machines on a pool of hosts and moves them while they run.")
        {
            GlobalOptions.Host,
            GlobalOptions.Socket,
            GlobalOptions.Json,
            CreateCommand.Build(around),
            ListCommand.Build(around),
            InfoCommand.Build(around),
            ConsoleCommand.Build(around),
            MigrateCommand.Build(around),
            MigrationCommands.Build(around),
            VerbCommands.Shutdown(around),
            VerbCommands.Reboot(around),
            VerbCommands.Destroy(around),
            VerbCommands.Pause(around),
            VerbCommands.Unpause(around),
            ResizeCommands.Memory(around),
            ResizeCommands.Processors(around),
            SaveCommands.Save(around),
            SaveCommands.Restore(around),
            ConfigCommands.Build(around),
            VolumeCommands.Build(around),
            ImageCommands.Build(around),
            JobCommands.Build(around),
            HostCommands.Build(around),
            PoolCommands.Build(around),
            LabCommands.Build(around),
            VersionCommand.Build(around),
        };
        // `godwit version` says more; a second way to ask would only differ.
        if (root.Options.OfType<VersionOption>().SingleOrDefault() is { } version) root.Options.Remove(version);
        ManualCommand.AddTo(root, GodwitManual.Instance);
        HelpWithExamples.AddTo(root, GodwitManual.Instance);
        return root;
    }
}
