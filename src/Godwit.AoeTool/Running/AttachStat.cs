using System.Globalization;
using System.Text;
using System.Text.Json;
using Godwit.Aoe.Control;
using Godwit.Domains;

namespace Godwit.AoeTool.Running;

/// <summary><c>godwit-aoe stat --control</c>: what running <c>attach</c> processes say of their disks and paths.</summary>
internal static class AttachStat
{
    private static readonly CompositeFormat s_pathLine =
        CompositeFormat.Parse("  {0,-16} {1,-17} {2,-8} {3,7} {4,9} {5,8} {6,10} {7,11} {8,8} {9,8} {10,8}");

    /// <returns>Success when all of them answered, and have their disks.</returns>
    public static async Task<ExitCode> RunAsync(IEnumerable<string> sockets, bool json, CancellationToken cancellationToken)
    {
        var found = new List<AttachStatus>();
        var complete = true;
        foreach (var socket in sockets.Distinct())
        {
            try
            {
                found.Add(await AskAsync(socket, cancellationToken).ConfigureAwait(false));
            }
            catch (GodwitException e)
            {
                // The others are shown all the same.
                complete = false;
                await Console.Error.WriteLineAsync($"godwit-aoe: {e.Message}").ConfigureAwait(false);
                if (e.Remedy is not null) await Console.Error.WriteLineAsync($"  {e.Remedy}").ConfigureAwait(false);
            }
        }
        if (json) Console.Out.WriteLine(JsonSerializer.Serialize(found, ToolJson.Default.IReadOnlyListAttachStatus));
        else found.ForEach(Print);
        return complete && found.All(status => status.State == AttachState.Up) ? ExitCode.Success : ExitCode.Failure;
    }

    private static Task<AttachStatus> AskAsync(string socket, CancellationToken cancellationToken) => File.Exists(socket)
        ? new AttachControlClient(socket).StatusAsync(cancellationToken)
        : throw new GodwitException(AoeControlCode.NotRunning, $"There is no control socket {socket}.",
            $"It is there while 'godwit-aoe attach ... --control {socket}' runs and has found its disk.");

    private static void Print(AttachStatus status)
    {
        var size = (status.Size / 1e9).ToString("0.000", CultureInfo.InvariantCulture) + "GB";
        var state = status.State.ToString().ToLowerInvariant();
        Line($"{status.Device,10}{size,16}{status.Interface,16}{status.Mtu,6} {state,-10} session {status.Session}"
            + (status.WriteCache ? ", write cache" : "") + (status.Lost is { } lost ? $", {lost}" : ""));
        Line(string.Format(CultureInfo.InvariantCulture, s_pathLine,
            "INTERFACE", "MAC", "STATE", "SECTORS", "WINDOW", "INFLIGHT", "TIMEOUT-US", "RETRANSMITS", "P50-US", "P99-US", "MAX-US"));
        foreach (var path in status.Paths)
        {
            var window = string.Create(CultureInfo.InvariantCulture, $"{path.Window}/{path.WindowLimit}");
            Line(string.Format(CultureInfo.InvariantCulture, s_pathLine, path.Interface, path.TargetMac, path.State.ToString().ToLowerInvariant(),
                path.SectorsPerFrame, window, path.InFlight, path.TimeoutMicroseconds, path.Retransmits,
                path.Latency.P50, path.Latency.P99, path.Latency.Max));
        }
    }

    private static void Line(string text) => Console.Out.WriteLine(text.TrimEnd());
}
