using System.Collections.Immutable;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Godwit.Hypervisors.Xen.Toolstack;

/// <summary>A line of <c>xl list -v</c>.</summary>
/// <param name="Id">Domain id: a number that is given once between two boots of the host.</param>
/// <param name="Name">Name; that of a domain that is just being taken apart is <c>(null)</c>.</param>
/// <param name="MemoryMiB">Memory that it has.</param>
/// <param name="VirtualCpus">Processors that it has.</param>
/// <param name="Paused">Its pause count is not 0.</param>
/// <param name="Shutdown">Why its guest does not execute any more; null while it does, or may.</param>
/// <param name="Dying">It is being destroyed.</param>
/// <param name="CpuTime">Processor time that it used.</param>
/// <param name="Uuid">The domain's identity.</param>
internal sealed partial record XlDomain(
    int Id, string Name, int MemoryMiB, int VirtualCpus, bool Paused, ShutdownReason? Shutdown, bool Dying, TimeSpan CpuTime, Guid Uuid)
{
    private const int PausedAt = 2, ShutdownAt = 3, DyingAt = 5;

    /// <summary>Reads the output of <c>xl list -v</c>; lines of another form are passed over.</summary>
    /// <remarks>
    /// <code>
    /// Name   ID   Mem VCPUs	State	Time(s)   UUID                                 Reason-Code	Security Label
    /// vm1     1    96     1     --p---       0.0 11111111-2222-3333-4444-555555555555        -                -
    /// </code>
    /// The state has six places, each its letter or a hyphen: r (executes), b (waits), p (paused), s (its guest has ended, or
    /// is suspended), a letter for the reason of that, d (dying). The reason follows as a number too.
    /// </remarks>
    public static ImmutableArray<XlDomain> ReadList(string output) =>
    [
        .. output.Split('\n').Select(line => Line().Match(line)).Where(match => match.Success).Select(match =>
        {
            var state = match.Groups["state"].Value;
            return new XlDomain(
                Number(match.Groups["id"]), match.Groups["name"].Value, Number(match.Groups["memory"]), Number(match.Groups["cpus"]),
                state[PausedAt] == 'p', ReadShutdown(state, match.Groups["reason"].Value), state[DyingAt] == 'd',
                TimeSpan.FromSeconds(double.Parse(match.Groups["time"].Value, CultureInfo.InvariantCulture)), Guid.Parse(match.Groups["uuid"].Value));
        }),
    ];

    private static ShutdownReason? ReadShutdown(string state, string reason)
    {
        if (state[ShutdownAt] != 's') return null;
        return int.TryParse(reason, CultureInfo.InvariantCulture, out var number) ? (ShutdownReason)number : ShutdownReason.PowerOff;
    }

    private static int Number(Group group) => int.Parse(group.Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(
        @"\A(?<name>\S.*?)\s+(?<id>\d{1,9})\s+(?<memory>\d{1,9})\s+(?<cpus>\d{1,9})\s+(?<state>[r-][b-][p-][s-]\S[d-])\s+(?<time>\d{1,12}\.\d+)\s+(?<uuid>[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})\s+(?<reason>\S+)\s",
        RegexOptions.CultureInvariant)]
    private static partial Regex Line();
}

/// <summary>Why a guest does not execute any more: xen/include/public/sched.h, SHUTDOWN_*.</summary>
internal enum ShutdownReason
{
    PowerOff = 0,
    Reboot = 1,

    /// <summary>It was suspended, to be saved or moved; its memory is as it was, and it may be resumed.</summary>
    Suspend = 2,
    Crash = 3,
    Watchdog = 4,
    SoftReset = 5,
}
