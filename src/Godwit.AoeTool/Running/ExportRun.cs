using System.Text.Json;
using Godwit.Aoe;
using Godwit.Aoe.Control;
using Godwit.Aoe.Target;
using Godwit.Aoe.Wire;
using Godwit.Domains;

namespace Godwit.AoeTool.Running;

internal sealed record ExportRunOptions(string Interface, bool Managed, bool NewState, string? ControlSocket, bool Json);

/// <summary><c>godwit-aoe export</c> from start to end.</summary>
internal static class ExportRun
{
    public static async Task<ExitCode> RunAsync(ExportSettings settings, ExportRunOptions options, CancellationToken stop)
    {
        if (options.Managed && settings.StateDirectory is null)
            throw new UsageException("--managed needs --state.", "Give the directory that keeps the fence over restarts.");
        if (options.NewState && !options.Managed)
            throw new UsageException("--new-state goes with --managed.", "Leave it out: without a fence there is nothing to begin.");
        var log = StderrLogger.Instance;
        using var claim = Claim(settings);
        using var link = PacketLink.Open(options.Interface, AoeFilters.Requests(settings.Address));
        using var export = Open(settings, options);
        var target = new AoeTarget(link, [export], log);
        target.Start();
        try
        {
            var control = new ExportControl(target, export, link.Name);
            await using var server = options.ControlSocket is { } path ? ControlServer.Start(path, control.HandleAsync, log) : null;
            var status = await target.RunAsync(() => export.Status(link.Name)).ConfigureAwait(false);
            Console.Out.WriteLine(options.Json
                ? JsonSerializer.Serialize(status, ToolJson.Default.ExportStatus)
                : $"exporting {status.Device} {status.Size} bytes of {status.Path} on {status.Interface}"
                    + (status.Problem is { } problem ? $"; serves no writes: {problem}" : ""));
            await Console.Out.FlushAsync(CancellationToken.None).ConfigureAwait(false);
            await target.Ended.WaitAsync(stop).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            await target.StopAsync().ConfigureAwait(false);
            return ExitCode.Success;
        }
        return ExitCode.Failure;
    }

    // Two processes with one fence would each believe their own.
    private static FileStream? Claim(ExportSettings settings)
    {
        if (settings.StateDirectory is not { } directory) return null;
        Directory.CreateDirectory(directory);
        var path = Path.Combine(directory, $"{settings.Address}.lock");
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e)
        {
            throw new GodwitException("already-exported",
                $"Another process exports {settings.Address} with the state in {directory}.", "End it first, or take another address.", e);
        }
    }

    private static Export Open(ExportSettings settings, ExportRunOptions options)
    {
        FileMedium medium;
        try
        {
            medium = FileMedium.Open(settings.Path, settings.ReadOnly);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new GodwitException("no-medium", $"Cannot serve {settings.Path}: {e.Message}",
                "Give a file or block device that exists and may be opened; --read-only asks for no right to write.", e);
        }
        if (medium.SizeBytes == 0)
            throw new GodwitException("no-medium", $"Cannot serve {settings.Path}: it is empty.", "truncate -s 5G FILE makes a sparse file.");
        if (!options.Managed) return Export.Standalone(settings, medium, Guid.NewGuid(), StderrLogger.Instance);
        var fence = Fence.Load(settings.FencePath);
        if (options.NewState) Begin(fence, settings);
        return Export.Managed(settings, medium, fence, TargetStart.Next(settings.MarkPath), StderrLogger.Instance);
    }

    // Never over a state that was used: --new-state left in a unit file must not forget who the writer is.
    private static void Begin(Fence fence, ExportSettings settings)
    {
        if (fence.State is { Epoch: 0, Writer: null, Readers.IsEmpty: true }) return;
        if (fence.State is null && !File.Exists(settings.FencePath))
        {
            fence.Initialize(0);
            return;
        }
        throw new GodwitException("has-fence-state", $"{settings.FencePath} exists already.",
            "Leave out --new-state to go on with it. If it is damaged, 'init' on the control socket replaces it.");
    }
}
