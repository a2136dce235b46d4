using System.Collections.Immutable;
using System.Text.Json;
using Godwit.Api;

namespace Godwit.Machines.Tests.Pool;

/// <summary>What tests have machines do more than once, by the commands that an administrator would type there.</summary>
internal static class MachineCommands
{
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
