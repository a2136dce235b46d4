using System.Collections.Immutable;
using System.Text.Json;
using Godwit.Api;

namespace Godwit.Machines.Tests.Pool;

/// <summary>What tests have machines do more than once, by the commands that an administrator would type there.</summary>
internal static class MachineCommands
{
    /// <summary>
    /// A line that ends in emulated processors carries a few megabytes a second, of which the usual 50 ms would be less than a guest that does
    /// next to nothing changes meanwhile: the move would go on to its time limit.
    /// </summary>
    private const int DowntimeLimitMs = 500;

    private const int MoveAttempts = 3;

    /// <summary>All domains of the pool, as this machine's daemon lists them.</summary>
    public static async Task<ImmutableArray<DomainInfo>> DomainsAsync(this Machine machine, CancellationToken ct) =>
        JsonSerializer.Deserialize(await machine.RunAsync("godwit list --json", ct), GodwitJson.Default.ImmutableArrayDomainInfo);

    /// <summary>Asks again and again until a domain is as it should be.</summary>
    public static async Task<DomainInfo> WaitForDomainAsync(
        this Machine machine, string name, Func<DomainInfo, bool> wanted, string what, CancellationToken ct) =>
        (await machine.WaitAsync(name, domain => domain is not null && wanted(domain), what, ct))!;

    /// <summary>Asks again and again until the pool knows a domain no more.</summary>
    public static Task WaitUntilGoneAsync(this Machine machine, string name, CancellationToken ct) =>
        machine.WaitAsync(name, domain => domain is null, "gone", ct);

    // Machines that share two processors may be too slow to answer just before the stop, and the move is refused as it should be then; it
    // is a fault if that goes on.
    public static async Task<MigrationInfo> MoveAsync(this Machine from, string domain, Machine to, CancellationToken ct)
    {
        for (var attempt = 1; ; attempt++)
        {
            var answer = await from.TryRunAsync($"godwit migrate --live {domain} {to.Name} --downtime-limit {DowntimeLimitMs}", ct);
            var shown = await from.TryRunAsync($"godwit migration show {domain} --json", ct);
            Assert.True(shown.Succeeded, answer.Output + answer.Error + shown.Error);
            var move = JsonSerializer.Deserialize(shown.Output, GodwitJson.Default.MigrationInfo)!;
            if (answer.Succeeded && move.Result!.Succeeded) return move;
            Assert.True(attempt < MoveAttempts && move.Result?.Ending == "probe-failed", answer.Output + answer.Error);
            await from.WaitForDomainAsync(domain, d => d.Migration is null, "at rest", ct);
        }
    }

    private static async Task<DomainInfo?> WaitAsync(
        this Machine machine, string name, Func<DomainInfo?, bool> wanted, string what, CancellationToken ct)
    {
        var last = "nothing";
        for (var attempt = 0; attempt < 120; attempt++)
        {
            // The daemon may be starting.
            var answer = await machine.TryRunAsync("godwit list --json", ct);
            last = answer.Succeeded ? answer.Output : answer.Error;
            if (answer.Succeeded)
            {
                var domain = JsonSerializer.Deserialize(answer.Output, GodwitJson.Default.ImmutableArrayDomainInfo).FirstOrDefault(d => d.Name == name);
                if (wanted(domain)) return domain;
            }
            await Task.Delay(500, ct);
        }
        Assert.Fail($"{name} did not become {what}; {machine.Name} says: {last}");
        return null;
    }
}
