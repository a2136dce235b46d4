using Godwit.Api;
using Godwit.Domains;
using Godwit.Lab;

namespace Godwit.Cli.Running;

/// <summary>Finds the socket to speak to: the one asked for, this machine's, or that of a lab's storage host.</summary>
internal static class Connection
{
    private const string DefaultSocket = "/run/godwit/godwitd.sock";
    private const string SocketVariable = "GODWIT_SOCKET";

    /// <summary>The host that every lab has, with the volumes and the registry.</summary>
    private const string LabHost = "storage";

    public static GodwitClient Open(string? socket, string? host, Surroundings around) =>
        GodwitClient.OverSocket(FindSocket(socket, around, DefaultSocket, LabPaths.Root), host);

    internal static string FindSocket(string? asked, Surroundings around, string usual, string labs)
    {
        if (!string.IsNullOrEmpty(asked)) return asked;
        if (around.Environment(SocketVariable) is { Length: > 0 } named) return named;
        if (File.Exists(usual)) return usual;
        switch (FindLabs(labs))
        {
            case [var only]:
                around.Error.WriteLine($"godwit: no godwitd runs on this machine; speaking to {LabHost} of the lab {only}");
                return SocketOf(labs, only);
            case []:
                throw new GodwitException(ApiException.NoDaemon, $"no godwitd runs on this machine: there is no {usual}",
                    "systemctl start godwitd, name another with --socket, or try it with godwit lab up");
            case var several:
                throw new GodwitException(ApiException.NoDaemon, "no godwitd runs on this machine, but several labs do",
                    $"name one with --socket, such as {SocketOf(labs, several[0])}; the labs are {string.Join(", ", several)}");
        }
    }

    private static string[] FindLabs(string labs) => !Directory.Exists(labs) ? [] :
    [
        .. Directory.EnumerateDirectories(labs).Select(d => Path.GetFileName(d)!)
            .Where(lab => File.Exists(SocketOf(labs, lab))).Order(StringComparer.Ordinal),
    ];

    private static string SocketOf(string labs, string lab) =>
        Path.Combine(labs, Path.GetRelativePath(LabPaths.Root, new LabPaths(lab).Socket(LabHost)));
}
