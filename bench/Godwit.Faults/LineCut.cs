using Godwit.Native.Processes;

namespace Godwit.Faults;

/// <summary>
/// A cut in the switch between two hosts: their frames are dropped, those of the guests and of other hosts are not.
/// </summary>
internal sealed class LineCut(Lab.Lab lab, (string From, string To, string Network) ends, Direction direction)
{
    public Task CutAsync(CancellationToken ct) => ChangeAsync("-A", ct);

    public Task MendAsync(CancellationToken ct) => ChangeAsync("-D", ct);

    private async Task ChangeAsync(string change, CancellationToken ct)
    {
        if (direction != Direction.Back)
            await RuleAsync(change, ends.From, ends.To, ct);
        if (direction != Direction.There)
            await RuleAsync(change, ends.To, ends.From, ct);
    }

    private Task<string> RuleAsync(string change, string from, string to, CancellationToken ct)
    {
        string[] addresses = ends.Network == "lan" ? ["-p", "IPv4", "--ip-src", Address(from), "--ip-dst", Address(to)] : [];
        return ProgramRunner.RunAsync(
            [
                "ip", "netns", "exec", lab.Paths.SwitchNamespace, "ebtables", "--concurrent", change, "FORWARD",
                "-i", $"{from}-{ends.Network}", "-o", $"{to}-{ends.Network}", .. addresses, "-j", "DROP",
            ],
            null, ct);
    }

    private string Address(string host) => lab.Spec.Hosts.Single(h => h.Name == host).Address;
}
