using Godwit.Api;
using Godwit.Daemon.Config;
using Godwit.Daemon.Roles;
using Godwit.Native.Processes;

namespace Godwit.Daemon.Checks;

/// <summary>QEMU and the user that it runs as.</summary>
internal sealed class EngineCheck(DaemonConfig config, ComputeSlot compute) : IHostCheck
{
    private static readonly Finder Says = new("engine");

    public string Name => Says.Check;

    public async Task<IEnumerable<HostFinding>> RunAsync(CheckRound round, CancellationToken cancellationToken)
    {
        if (!config.Has(Role.Compute))
            return [];
        return
        [
            Judge(config.Compute.Qemu, await AskVersionAsync(cancellationToken), compute.Current is null ? compute.Reason : null),
            JudgeUser(config.Compute.User, config.Compute.User is { } user && Users().Contains(user)),
        ];
    }

    /// <param name="said">What it prints about its version; null where it cannot be run.</param>
    /// <param name="waits">Why this host runs no domains yet; null where it does.</param>
    internal static HostFinding Judge(string binary, string? said, string? waits) => (said, waits) switch
    {
        (null, _) => Says.Error($"{binary} cannot be run.", "apt-get install qemu-system-x86, or set qemu in [compute] of godwitd.toml."),
        (_, not null) => Says.Warning($"{said} is there, but this host runs no domains yet: {waits}.", "See the other findings, and its log: journalctl -u godwitd"),
        _ => Says.Ok($"{said} is ready."),
    };

    internal static HostFinding JudgeUser(string? user, bool known) => user switch
    {
        null => Says.Warning("QEMU runs as the user of godwitd, root.", "Make a user for it, and set user in [compute] of godwitd.toml."),
        _ when !known => Says.Error($"There is no user {user}, as which QEMU should run.", $"adduser --system --group {user}, or set user in [compute] of godwitd.toml."),
        _ => Says.Ok($"QEMU runs as {user}."),
    };

    private async Task<string?> AskVersionAsync(CancellationToken cancellationToken)
    {
        try
        {
            var result = await ProgramRunner.TryRunAsync([config.Compute.Qemu, "--version"], ct: cancellationToken);
            return result.Succeeded ? result.Output.Split('\n')[0].Trim() : null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }

    private static IEnumerable<string> Users() => File.ReadLines("/etc/passwd").Select(line => line.Split(':')[0]);
}
