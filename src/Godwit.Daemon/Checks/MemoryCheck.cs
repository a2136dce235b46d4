using Godwit.Api;
using Godwit.Daemon.Config;
using Godwit.Daemon.Roles;

namespace Godwit.Daemon.Checks;

/// <summary>Whether there is memory left for guests.</summary>
internal sealed class MemoryCheck(DaemonConfig config) : IHostCheck
{
    /// <summary>Of the smallest guest of use, with what its engine needs beside it.</summary>
    internal const long LittleMiB = 512;

    /// <summary>Less, and the kernel begins to end processes.</summary>
    internal const long TooLittleMiB = 128;

    private static readonly Finder Says = new("memory");

    public string Name => Says.Check;

    public Task<IEnumerable<HostFinding>> RunAsync(CheckRound round, CancellationToken cancellationToken) => Task.FromResult<IEnumerable<HostFinding>>(
        config.Has(Role.Compute) ? [Judge(HostResources.ReadMemory("MemTotal:"), HostResources.ReadMemory("MemAvailable:"))] : []);

    internal static HostFinding Judge(long totalMiB, long availableMiB)
    {
        const string Remedy = "Move domains to another host, or end what takes it.";
        var left = $"{availableMiB} of {totalMiB} MiB of memory are free";
        return availableMiB switch
        {
            < TooLittleMiB => Says.Error($"{left}: hardly enough for the host itself.", Remedy),
            < LittleMiB => Says.Warning($"{left}: too little for another guest.", Remedy),
            _ => Says.Ok($"{left}."),
        };
    }
}
