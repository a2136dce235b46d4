using Godwit.Api;

namespace Godwit.Cli.Rendering;

/// <summary>What <c>godwit pool status</c> prints.</summary>
internal static class PoolSheet
{
    public static void Write(TextWriter output, PoolInfo pool)
    {
        DomainSheet.Line(output, "pool", pool.Name);
        DomainSheet.Line(output, "this host", pool.Host);
        if (pool.Role is { } role)
        {
            DomainSheet.Line(output, "address", role.Address);
            DomainSheet.Line(output, "roles", string.Join(", ", role.Roles));
            DomainSheet.Line(output, "storage net", role.StorageInterfaces.IsEmpty ? "none" : string.Join(", ", role.StorageInterfaces));
        }
        DomainSheet.Line(output, "registry", pool.RegistryHost);
        DomainSheet.Line(output, "authority", "sha256:" + pool.AuthorityFingerprint);
    }
}
