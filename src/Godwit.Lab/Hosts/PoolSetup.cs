using System.Net.Sockets;
using Godwit.Domains;
using Godwit.Native.Processes;

namespace Godwit.Lab.Hosts;

/// <summary>Makes one pool of the lab's hosts, by the same commands that a user would type on each of them.</summary>
internal static class PoolSetup
{
    private static readonly TimeSpan DaemonStartTakes = TimeSpan.FromSeconds(20);

    /// <summary>Makes the pool on its first host.</summary>
    public static async Task InitAsync(Lab lab, string host, CancellationToken ct)
    {
        await WaitForDaemonAsync(lab, host, ct).ConfigureAwait(false);
        await GodwitAsync(lab, host, ["pool", "init"], ct).ConfigureAwait(false);
    }

    /// <summary>Takes a host into the pool with a token made on a member.</summary>
    public static async Task JoinAsync(Lab lab, string member, string host, CancellationToken ct)
    {
        await WaitForDaemonAsync(lab, member, ct).ConfigureAwait(false);
        await WaitForDaemonAsync(lab, host, ct).ConfigureAwait(false);
        var token = (await GodwitAsync(lab, member, ["pool", "token"], ct).ConfigureAwait(false)).Trim();
        await GodwitAsync(lab, host, ["pool", "join", $"{member}:{HostConfig.Port}", "--token", token], ct)
            .ConfigureAwait(false);
    }

    /// <summary>True when something accepts connections on the host's local socket.</summary>
    public static async Task<bool> DaemonAnswersAsync(Lab lab, string host, CancellationToken ct)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(lab.Paths.Socket(host)), ct).ConfigureAwait(false);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    public static async Task WaitForDaemonAsync(Lab lab, string host, CancellationToken ct)
    {
        var began = System.Diagnostics.Stopwatch.GetTimestamp();
        while (!await DaemonAnswersAsync(lab, host, ct).ConfigureAwait(false))
        {
            if (System.Diagnostics.Stopwatch.GetElapsedTime(began) > DaemonStartTakes)
            {
                throw new GodwitException("lab-daemon-silent", $"godwitd on lab host {host} does not answer",
                    $"its log is {lab.Paths.Host(host, "log")}/godwitd.log");
            }
            await Task.Delay(20, ct).ConfigureAwait(false);
        }
    }

    private static async Task<string> GodwitAsync(Lab lab, string host, string[] arguments, CancellationToken ct)
    {
        string[] command = ["godwit", .. arguments];
        var result = await lab.RunAsync(host, command, ct: ct).ConfigureAwait(false);
        if (result.Succeeded) return result.Output;
        throw new GodwitException("lab-pool-failed",
            new ProgramFailedException($"{host}# {ProgramRunner.Quote(command)}", result).Message);
    }
}
