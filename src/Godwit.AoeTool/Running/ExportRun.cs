using System.Text.Json;
using Godwit.Aoe;
using Godwit.Aoe.Control;
using Godwit.Aoe.Target;
using Godwit.Aoe.Wire;

namespace Godwit.AoeTool.Running;

/// <summary><c>godwit-aoe export</c> from start to end.</summary>
internal static class ExportRun
{
    /// <param name="order">The first export; others may come by the control socket.</param>
    /// <param name="controlSocket">Where it is served; null: nowhere.</param>
    /// <param name="json">Whether to say so in JSON.</param>
    /// <param name="stop">Ends it.</param>
    public static async Task<ExitCode> RunAsync(ExportOrder order, string? controlSocket, bool json, CancellationToken stop)
    {
        await using var targets = new TargetSet((name, settings) => PacketLink.Open(name, AoeFilters.Requests(settings.Address), settings.FramesAtOnce),
            StderrLogger.Instance);
        var ending = await ServeAsync(targets, order, controlSocket, json, stop).ConfigureAwait(false);
        return await targets.CloseAsync().ConfigureAwait(false) ? ending : ExitCode.Failure;
    }

    private static async Task<ExitCode> ServeAsync(TargetSet targets, ExportOrder order, string? controlSocket, bool json, CancellationToken stop)
    {
        var first = await targets.AddAsync(order, stop).ConfigureAwait(false);
        await using var server = controlSocket is { } path ? ControlServer.Start(path, new TargetControl(targets).HandleAsync, StderrLogger.Instance) : null;
        var status = await first.StatusAsync().ConfigureAwait(false);
        Console.Out.WriteLine(json
            ? JsonSerializer.Serialize(status, ToolJson.Default.ExportStatus)
            : $"exporting {status.Device} {status.Size} bytes of {status.Path} on {string.Join(", ", status.Interfaces.Select(i => i.Name))}"
                + (status.Problem is { } problem ? $"; serves no writes: {problem}" : ""));
        await Console.Out.FlushAsync(CancellationToken.None).ConfigureAwait(false);
        try
        {
            await targets.Failed.WaitAsync(stop).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return ExitCode.Success;
        }
        catch (IOException)
        {
            // It is logged.
        }
        return ExitCode.Failure;
    }
}
