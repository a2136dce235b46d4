using System.Text;
using Godwit.Daemon.Config;
using Godwit.Daemon.Queries;
using Godwit.Manual;

namespace Godwit.Daemon;

/// <summary>What <c>godwitd</c> says of itself: its help and its page of the manual are the same words.</summary>
internal static class DaemonManual
{
    private const string Summary = "the daemon of a Godwit host";
    private const string Usage = "[--config FILE]";

    private const string Running =
        """
        It runs in the foreground, logs to standard error, and ends on SIGTERM; the domains go on.
        """;

    private const string Explanation =
        """
        One runs on each host of a pool. It serves the local socket for godwit(1), and, once its host is in a
        pool, one TCP port for the other hosts: API, web page and relocation, all of it under TLS with both
        certificates.

        It may be stopped, restarted and upgraded at any time. What a running domain needs are processes of
        their own: its engine, and a godwit-aoe(8) for each disk. Where systemd runs, each of them has a scope,
        called after the domain or the export, in godwit.slice. A daemon that starts finds them again and goes
        on.

        A host that is in no pool yet only waits to be told of one, by godwit pool init or godwit pool join.
        """;

    private static readonly (string Word, string What)[] Options =
    [
        ("--config FILE", $"read FILE instead of {ConfigFile.DefaultPath}; without that file, defaults hold"),
        ("--help", "print this"),
        ("--version", "print the version"),
    ];

    private static readonly (string Path, string What)[] Files =
    [
        (ConfigFile.DefaultPath, "What is set by the administrator; see godwitd.toml(5)."),
        ("/run/godwit", "The local socket, godwitd.sock, for root and the group godwit; and what belongs to running processes."),
        ("/var/lib/godwit", "What must survive a restart of the host: membership and keys, the registry, fences, volumes that are files."),
        ("/var/log/godwit/audit.log", "Everything that changed something, and who asked for it."),
    ];

    public static string WriteHelp()
    {
        var text = new StringBuilder($"godwitd - {Summary}\n\nUsage: godwitd {Usage}\n\n");
        foreach (var (word, what) in Options)
            text.Append($"  {word,-14}  {what}\n");
        return text.Append($"\n{Running}\n").ToString();
    }

    /// <summary>What the package is made with; null for a word that means nothing.</summary>
    public static string? Print(string what) => what switch
    {
        "manual" => WritePage(),
        "settings" => SettingsManual.File,
        "settings-manual" => SettingsManual.WritePage(HostQuery.Version),
        _ => null,
    };

    private static string WritePage()
    {
        var page = new ManualPage("godwitd", 8, HostQuery.Version, Summary);
        page.Section("SYNOPSIS").Line($"{ManualPage.Bold("godwitd")} {Usage}");
        page.Section("DESCRIPTION").Paragraphs(Running).Paragraphs(Explanation);
        page.Terms("OPTIONS", Options);
        page.Terms("FILES", Files);
        page.Section("SEE ALSO").Text("godwit(1), godwitd.toml(5), godwit-aoe(8)");
        return page.ToString();
    }
}
