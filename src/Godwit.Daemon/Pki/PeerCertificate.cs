using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Godwit.Daemon.Pki;

/// <summary>Whether a certificate that the other side showed is one of the pool's, and whose it is.</summary>
internal static class PeerCertificate
{
    /// <summary>Checks it against the pool's CA and nothing else.</summary>
    /// <param name="usage">What the peer is to us: <see cref="PoolAuthority.ServerUsage"/> or <see cref="PoolAuthority.ClientUsage"/>.</param>
    /// <returns>Why it is refused; null when it is good.</returns>
    public static string? Refuse(X509Certificate2 certificate, X509Certificate2 authority, string usage, DateTimeOffset now)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(usage));
        chain.ChainPolicy.VerificationTime = now.UtcDateTime;
        if (chain.Build(certificate))
            return null;
        return string.Join("; ", chain.ChainStatus.Select(status => status.Status).Distinct());
    }

    /// <summary>
    /// The same with only the CA's public key at hand, which is all that a joining host has: the signature is checked
    /// by hand (RFC 5280, section 4.1).
    /// </summary>
    public static string? Refuse(X509Certificate2 certificate, ECDsa authorityKey, DateTimeOffset now)
    {
        if (now < certificate.NotBefore || now > certificate.NotAfter)
            return "it is not valid at this time";
        if (!certificate.Extensions.OfType<X509EnhancedKeyUsageExtension>()
                .Any(usage => usage.EnhancedKeyUsages[PoolAuthority.ServerUsage] is not null))
            return "it is not for a server";
        // Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signatureValue BIT STRING }
        var sequence = new AsnReader(certificate.RawDataMemory, AsnEncodingRules.DER).ReadSequence();
        var signed = sequence.ReadEncodedValue();
        sequence.ReadEncodedValue();
        var signature = sequence.ReadBitString(out _);
        return authorityKey.VerifyData(signed.Span, signature, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence)
            ? null
            : "it was not signed by the pool that the token is from";
    }

    /// <summary>Name of the host that it was issued to.</summary>
    public static string? HostOf(X509Certificate2 certificate) => certificate.Extensions
        .OfType<X509SubjectAlternativeNameExtension>().FirstOrDefault()?.EnumerateDnsNames().FirstOrDefault();
}
