namespace Godwit.Lab;

/// <summary>
/// Where a lab keeps its files. The paths are short because Unix sockets live in them, whose names the kernel limits
/// to 107 bytes.
/// </summary>
public sealed record LabPaths(string Lab)
{
    /// <summary>Directory of all labs; the environment may name another one, as the tests do.</summary>
    public static string Root => Environment.GetEnvironmentVariable("GODWIT_LAB_ROOT") ?? "/var/lib/godwit-lab";

    /// <summary>
    /// What each host has for itself: directory in the lab, and where the host sees it. The boot directory is one of
    /// them, so that a kernel lies on one host only, as it does on real machines.
    /// </summary>
    internal static readonly (string Own, string Seen)[] OwnDirectories =
    [
        ("lib", "/var/lib/godwit"),
        ("run", "/run/godwit"),
        ("etc", "/etc/godwit"),
        ("log", "/var/log/godwit"),
        ("cache", "/var/cache/godwit"),
        ("boot", "/boot"),
    ];

    public string Directory => Path.Combine(Root, Lab);

    internal string StateFile => Path.Combine(Directory, "lab.json");

    internal string HostsFile => Path.Combine(Directory, "hosts");

    public string SwitchNamespace => $"{Lab}-{LabSpec.SwitchName}";

    public string Namespace(string host) => $"{Lab}-{host}";

    public string Host(string host) => Path.Combine(Directory, host);

    /// <summary>A host's own directory as seen from outside: <c>lib</c>, <c>run</c>, <c>etc</c>, <c>log</c>, …</summary>
    public string Host(string host, string own) => Path.Combine(Directory, host, own);

    /// <summary>The local socket of a host's <c>godwitd</c>, reachable from outside the lab.</summary>
    public string Socket(string host) => Path.Combine(Directory, host, "run", "godwitd.sock");

    /// <summary>Where a host's failpoints are, reachable from outside the lab.</summary>
    public string Failpoints(string host) => Path.Combine(Host(host, "log"), "failpoints");
}
