using System.Formats.Asn1;
using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Godwit.Daemon.Pki;

/// <summary>Whether a certificate that the other side showed is one of the pool's, and whose it is.</summary>
internal static class PeerCertificate
{
    /// <summary>So far clocks of hosts may differ: a certificate counts a day before it begins and a day after it ends.</summary>
    private static readonly TimeSpan Skew = TimeSpan.FromDays(1);

    /// <summary>Checks it against the pool's CA and nothing else.</summary>
    /// <param name="usage">What the peer is to us: <see cref="PoolAuthority.ServerUsage"/> or <see cref="PoolAuthority.ClientUsage"/>.</param>
    /// <returns>Why it is refused, for a person; null when it is good.</returns>
    public static string? Refuse(X509Certificate2 certificate, X509Certificate2 authority, string usage, DateTimeOffset now)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(usage));
        // Its time is judged apart, with the skew that the chain knows nothing of.
        chain.ChainPolicy.VerificationTime = Within(certificate, now.UtcDateTime);
        return chain.Build(certificate) ? RefuseTime(certificate, now) : Describe(chain);
    }

    /// <summary>Why its time is wrong, and by which clock; null when it is good.</summary>
    public static string? RefuseTime(X509Certificate2 certificate, DateTimeOffset now)
    {
        var (begins, ends) = (certificate.NotBefore.ToUniversalTime(), certificate.NotAfter.ToUniversalTime());
        if (now + Skew < begins)
            return $"it is valid from {Time(begins)} on, and here it is {Time(now.UtcDateTime)}";
        return now - Skew > ends ? $"it was valid until {Time(ends)}, and here it is {Time(now.UtcDateTime)}" : null;
    }

    /// <summary>
    /// The same with only the CA's public key at hand, which is all that a joining host has: the signature is checked
    /// by hand (RFC 5280, section 4.1).
    /// </summary>
    public static string? Refuse(X509Certificate2 certificate, ECDsa authorityKey, DateTimeOffset now)
    {
        if (RefuseTime(certificate, now) is { } reason)
            return reason;
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

    private static DateTime Within(X509Certificate2 certificate, DateTime now)
    {
        var (begins, ends) = (certificate.NotBefore.ToUniversalTime(), certificate.NotAfter.ToUniversalTime());
        // OpenSSL counts the very second of its end as after it.
        var last = ends.AddSeconds(-1);
        return now < begins ? begins : now > last ? last : now;
    }

    private static string Describe(X509Chain chain)
    {
        var found = chain.ChainStatus.Aggregate(X509ChainStatusFlags.NoError, (all, status) => all | status.Status);
        if ((found & (X509ChainStatusFlags.PartialChain | X509ChainStatusFlags.UntrustedRoot | X509ChainStatusFlags.NotSignatureValid)) != 0)
            return "it was not signed by this pool's CA";
        return (found & X509ChainStatusFlags.NotValidForUsage) != 0 ? "it is not for this use" : $"it is not valid: {found}";
    }

    private static string Time(DateTime time) => time.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>Name of the host that it was issued to.</summary>
    public static string? HostOf(X509Certificate2 certificate) => certificate.Extensions
        .OfType<X509SubjectAlternativeNameExtension>().FirstOrDefault()?.EnumerateDnsNames().FirstOrDefault();
}
