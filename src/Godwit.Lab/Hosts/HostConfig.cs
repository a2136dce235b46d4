using System.Text;

namespace Godwit.Lab.Hosts;

/// <summary>The configuration file of a lab host's <c>godwitd</c>.</summary>
internal static class HostConfig
{
    public const int Port = 8002;

    public static string Write(LabHostSpec host, bool failpoints = false)
    {
        var text = new StringBuilder(
            $"""
            # Written by `godwit lab up`.
            name = "{host.Name}"
            address = "{host.Address}"
            port = {Port}
            roles = [{string.Join(", ", Roles(host.Roles).Select(r => $"\"{r}\""))}]

            [storage]
            interface = "san0"
            # The kernel's knows the first network namespace only.
            driver = "godwit"

            """);
        if (host.Roles.HasFlag(HostRoles.Storage))
        {
            text.Append(
                """

                [[storage.groups]]
                name = "vg_xen"
                path = "/var/lib/godwit/volumes/vg_xen"

                """);
        }
        if (failpoints)
        {
            text.Append(
                """

                [test]
                failpoints = "/var/log/godwit/failpoints"

                """);
        }
        return text.ToString();
    }

    private static IEnumerable<string> Roles(HostRoles roles)
    {
        if (roles.HasFlag(HostRoles.Compute)) yield return "compute";
        if (roles.HasFlag(HostRoles.Storage)) yield return "storage";
        if (roles.HasFlag(HostRoles.Registry)) yield return "registry";
    }
}
