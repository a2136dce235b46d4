using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Godwit.Api;

namespace Godwit.Daemon.Members;

/// <summary>This host as a member of a pool.</summary>
internal sealed class PoolIdentity(PoolFile pool, X509Certificate2 authority, X509Certificate2 certificate)
{
    public PoolFile Pool => pool;

    /// <summary>Certificate of the pool's CA; it alone decides who belongs to the pool.</summary>
    public X509Certificate2 Authority => authority;

    /// <summary>This host's certificate and key, ready for handshakes in both directions.</summary>
    public SslStreamCertificateContext Credentials { get; } =
        SslStreamCertificateContext.Create(certificate, additionalCertificates: null, offline: true);

    public X509Certificate2 Certificate => certificate;

    public PoolInfo Describe() => new(
        pool.Name, pool.Host, pool.RegistryHost,
        Convert.ToHexStringLower(authority.GetCertHash(System.Security.Cryptography.HashAlgorithmName.SHA256)));
}

/// <summary>What <c>pool.json</c> in the state directory holds.</summary>
/// <param name="Name">Name of the pool.</param>
/// <param name="Host">Name that this host's certificate was issued to.</param>
/// <param name="RegistryHost">Host with the registry and the CA.</param>
/// <param name="RegistryAddress">Address and port of its daemon.</param>
internal sealed record PoolFile(string Name, string Host, string RegistryHost, string RegistryAddress);
