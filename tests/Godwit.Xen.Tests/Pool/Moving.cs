using System.Text.Json;
using Godwit.Api;
using Godwit.Xen.Tests.Machines;

namespace Godwit.Xen.Tests.Pool;

/// <summary>Moves of domains, as they are typed.</summary>
internal static class Moving
{
    private const int Seconds = 400, Attempts = 3;

    // Machines that share two processors with others may be too slow to answer just before the stop, and the move is refused
    // as it should be then; it is a fault if that goes on.
    public static async Task<MigrationResult> MigrateAsync(this Transcript transcript, string domain, XenMachine from, XenMachine to, CancellationToken ct)
    {
        for (var attempt = 1; ; attempt++)
        {
            var (code, output) = await transcript.TryTypeAsync(from, $"xm migrate --live {domain} {to.Name}", ct, Seconds);
            var move = JsonSerializer.Deserialize(await from.RunAsync($"godwit migration show {domain} --json", ct), GodwitJson.Default.MigrationInfo)!;
            if (code == 0 && move.Result!.Succeeded) return move.Result;
            Assert.True(attempt < Attempts && move.Result?.Ending == "probe-failed", output);
        }
    }
}
