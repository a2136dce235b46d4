using System.Diagnostics;
using Godwit.Native.Processes;

namespace Godwit.Machines;

/// <summary>
/// Root's commands on a machine, by ssh. All share one connection, which an emulated processor needs a second to agree upon; any number of
/// them may run at once.
/// </summary>
internal sealed class MachineShell(MachineNetwork network, string address, string keyPath, string directory)
{
    /// <summary>ssh's exit code for what is its own failure, not the command's.</summary>
    private const int NoConnection = 255;

    private string[] Options =>
    [
        "-F", "none", "-i", keyPath, "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR",
        "-o", "BatchMode=yes", "-o", "ConnectTimeout=5", "-o", "ServerAliveInterval=10", "-o", "ServerAliveCountMax=6",
        "-o", "ControlMaster=auto", "-o", "ControlPersist=yes", "-o", $"ControlPath={Path.Combine(directory, "ssh")}",
    ];

    /// <summary>Tries for as long as the machine boots.</summary>
    /// <returns>False when it did not answer in time.</returns>
    public async Task<bool> ConnectAsync(TimeSpan limit, Func<bool> gone, CancellationToken ct)
    {
        var began = Stopwatch.GetTimestamp();
        while (!gone())
        {
            if ((await TryRunAsync("true", null, ct).ConfigureAwait(false)).Succeeded) return true;
            if (Stopwatch.GetElapsedTime(began) > limit) return false;
            await Task.Delay(500, ct).ConfigureAwait(false);
        }
        return false;
    }

    /// <summary>Runs a line of the shell's.</summary>
    public Task<ProgramResult> TryRunAsync(string command, string? input, CancellationToken ct) =>
        ProgramRunner.TryRunAsync(network.Enter(["ssh", .. Options, "root@" + address, command]), input, ct: ct);

    public async Task CopyInAsync(IEnumerable<string> files, string directoryThere, CancellationToken ct) =>
        await ProgramRunner.RunAsync(network.Enter(["scp", "-q", "-p", .. Options, .. files, $"root@{address}:{directoryThere}"]), null, ct)
            .ConfigureAwait(false);

    public static bool IsOwnFailure(ProgramResult result) => result.ExitCode == NoConnection;

    /// <summary>The connection's process ends.</summary>
    public async Task CloseAsync() => await ProgramRunner.TryRunAsync(["ssh", .. Options, "-O", "exit", "root@" + address]).ConfigureAwait(false);
}
