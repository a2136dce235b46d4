using Godwit.Api;
using Godwit.Daemon.Config;

namespace Godwit.Daemon.Checks;

/// <summary>Whether the state directory has room: without it, nothing that must survive a power loss can be written.</summary>
internal sealed class SpaceCheck(DaemonConfig config) : IHostCheck
{
    private const long MiB = 1 << 20;

    /// <summary>Kernels and ramdisks of a few domains.</summary>
    internal const long Little = 1024 * MiB;

    /// <summary>A migration's journal and the registry, with their logs.</summary>
    internal const long TooLittle = 64 * MiB;

    private static readonly Finder Says = new("space");

    public string Name => Says.Check;

    public Task<IEnumerable<HostFinding>> RunAsync(CheckRound round, CancellationToken cancellationToken) =>
        Task.FromResult<IEnumerable<HostFinding>>([Judge(config.StateDirectory, new DriveInfo(config.StateDirectory).AvailableFreeSpace)]);

    internal static HostFinding Judge(string directory, long freeBytes)
    {
        var left = $"{freeBytes / MiB} MiB are free in {directory}";
        var remedy = $"Make room on the file system of {directory}, or set state_dir in godwitd.toml.";
        return freeBytes switch
        {
            < TooLittle => Says.Error($"{left}: what must survive a power loss may not be kept.", remedy),
            < Little => Says.Warning($"{left}.", remedy),
            _ => Says.Ok($"{left}."),
        };
    }
}
