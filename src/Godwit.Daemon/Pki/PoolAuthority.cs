using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Godwit.Domains;

namespace Godwit.Daemon.Pki;

/// <summary>The pool's certificate authority: ECDSA on P-256, kept on the host where the pool was made.</summary>
internal sealed class PoolAuthority(X509Certificate2 certificate, TimeProvider time)
{
    public const string ServerUsage = "1.3.6.1.5.5.7.3.1";
    public const string ClientUsage = "1.3.6.1.5.5.7.3.2";

    /// <summary>Clocks of hosts may differ by a day before they first meet.</summary>
    private static readonly TimeSpan Backdated = TimeSpan.FromDays(1);

    private const int AuthorityYears = 20;
    private const int HostYears = 10;
    private const int SerialLength = 16;

    /// <summary>The CA's certificate with its private key.</summary>
    public X509Certificate2 Certificate => certificate;

    public static PoolAuthority Create(string pool, TimeProvider time)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(Name($"Godwit pool {pool}"), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        var begins = time.GetUtcNow() - Backdated;
        return new PoolAuthority(request.CreateSelfSigned(begins, begins.AddYears(AuthorityYears)), time);
    }

    /// <summary>Signs a host's key. The request's own names are not looked at.</summary>
    /// <exception cref="GodwitException">The request is no PKCS #10, or not signed with its own elliptic-curve key.</exception>
    public X509Certificate2 Issue(string signingRequest, string host, IPAddress address)
    {
        CertificateRequest asked;
        try
        {
            asked = CertificateRequest.LoadSigningRequestPem(signingRequest, HashAlgorithmName.SHA256);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw new GodwitException("bad-signing-request", $"The signing request of {host} cannot be read: {e.Message}", inner: e);
        }
        return Issue(asked.PublicKey, host, address);
    }

    public X509Certificate2 Issue(PublicKey key, string host, IPAddress address)
    {
        using var curve = key.GetECDsaPublicKey()
            ?? throw new GodwitException("bad-signing-request", $"The key of {host} is not one of an elliptic curve.");
        var request = new CertificateRequest(Name(host), curve, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(host);
        names.AddIpAddress(address);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(
            new X509EnhancedKeyUsageExtension([new Oid(ServerUsage), new Oid(ClientUsage)], critical: false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(certificate, true, false));
        var begins = time.GetUtcNow() - Backdated;
        if (begins < certificate.NotBefore)
            begins = certificate.NotBefore;
        var ends = begins.AddYears(HostYears);
        if (ends > certificate.NotAfter)
            ends = certificate.NotAfter;
        return request.Create(certificate, begins, ends, RandomNumberGenerator.GetBytes(SerialLength));
    }

    private static X500DistinguishedName Name(string commonName)
    {
        var builder = new X500DistinguishedNameBuilder();
        builder.AddCommonName(commonName);
        return builder.Build();
    }
}
