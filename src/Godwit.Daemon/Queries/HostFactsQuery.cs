using System.Globalization;
using Godwit.Api;
using Godwit.Daemon.Config;
using Godwit.Daemon.Roles;

namespace Godwit.Daemon.Queries;

/// <summary>What this host says of itself, from proc(5).</summary>
internal sealed class HostFactsQuery(DaemonConfig config, ComputeSlot compute, TimeProvider time)
{
    /// <summary>Of the times in /proc/stat: USER_HZ, the same on all architectures that Linux has today.</summary>
    private const double TicksPerSecond = 100;

    public HostFacts Show() => new(
        config.Name,
        time.GetUtcNow(),
        HostQuery.Version,
        File.ReadAllText("/proc/sys/kernel/osrelease").Trim(),
        Environment.ProcessorCount,
        HostResources.ReadMemory("MemTotal:"),
        HostResources.ReadMemory("MemAvailable:"),
        ReadCpuSeconds(File.ReadLines("/proc/stat").First()),
        StorageNetwork.Find(config),
        compute.Facts?.Version);

    /// <summary>
    /// <code>
    ///   cpu  user nice system idle iowait irq softirq steal guest guest_nice
    /// </code>
    /// Guests' time is in user and nice already.
    /// </summary>
    internal static double ReadCpuSeconds(string line)
    {
        var ticks = line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Skip(1)
            .Select(word => long.Parse(word, CultureInfo.InvariantCulture)).ToArray();
        return (ticks[0] + ticks[1] + ticks[2] + ticks[5] + ticks[6]) / TicksPerSecond;
    }
}
