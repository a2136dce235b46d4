using Godwit.Api;

namespace Godwit.Cli.Rendering;

/// <summary>What <c>godwit pool status</c> prints.</summary>
internal static class PoolSheet
{
    public static void Write(TextWriter output, PoolInfo pool)
    {
        DomainSheet.Line(output, "pool", pool.Name);
        DomainSheet.Line(output, "this host", pool.Host);
        DomainSheet.Line(output, "registry", pool.RegistryHost);
        DomainSheet.Line(output, "authority", "sha256:" + pool.AuthorityFingerprint);
    }
}
