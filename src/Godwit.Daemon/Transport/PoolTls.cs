using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Godwit.Daemon.Members;
using Godwit.Daemon.Pki;
using Godwit.Relocation.Channel;

namespace Godwit.Daemon.Transport;

/// <summary>TLS between the hosts of a pool: version 1.3 only, certificates on both sides, the pool's CA and no other.</summary>
internal static class PoolTls
{
    public static readonly SslApplicationProtocol Relocation = new(ChannelProtocol.Alpn);

    // AES-128 first: it is a third faster than AES-256 where memory crosses the line, and as good for this purpose.
    private static readonly CipherSuitesPolicy Ciphers = new(
        [TlsCipherSuite.TLS_AES_128_GCM_SHA256, TlsCipherSuite.TLS_AES_256_GCM_SHA384, TlsCipherSuite.TLS_CHACHA20_POLY1305_SHA256]);

    /// <summary>
    /// For connections that come in. One without a certificate is let through the handshake: it may send a token, and
    /// <see cref="Http.Access"/> lets it do nothing else.
    /// </summary>
    /// <param name="refused">Told what is wrong with the certificate that was shown, before the handshake fails.</param>
    public static SslServerAuthenticationOptions Server(PoolIdentity identity, TimeProvider time, Action<string> refused) => new()
    {
        ServerCertificateContext = identity.Credentials,
        ClientCertificateRequired = true,
        EnabledSslProtocols = SslProtocols.Tls13,
        CipherSuitesPolicy = Ciphers,
        ApplicationProtocols = [Relocation, SslApplicationProtocol.Http11],
        RemoteCertificateValidationCallback = (_, shown, _, _) =>
            shown is null || IsAccepted(Judge(shown as X509Certificate2, identity, PoolAuthority.ClientUsage, null, time), refused),
    };

    /// <summary>For connections to a host of the pool, which must show a certificate in that name.</summary>
    public static SslClientAuthenticationOptions Client(
        PoolIdentity identity, string host, SslApplicationProtocol protocol, TimeProvider time, Action<string> refused) => new()
    {
        TargetHost = host,
        ClientCertificateContext = identity.Credentials,
        EnabledSslProtocols = SslProtocols.Tls13,
        CipherSuitesPolicy = Ciphers,
        ApplicationProtocols = [protocol],
        RemoteCertificateValidationCallback = (_, shown, _, _) =>
            IsAccepted(Judge(shown as X509Certificate2, identity, PoolAuthority.ServerUsage, host, time), refused),
    };

    /// <param name="certificate">What the peer has shown.</param>
    /// <param name="identity">This host in the pool.</param>
    /// <param name="usage">What the peer is to us.</param>
    /// <param name="host">Name that it must have; null for any.</param>
    /// <param name="time">The clock.</param>
    /// <returns>What is wrong with it; null when it is good.</returns>
    private static string? Judge(X509Certificate2? certificate, PoolIdentity identity, string usage, string? host, TimeProvider time)
    {
        if (certificate is null)
            return "it has shown no certificate";
        var name = PeerCertificate.HostOf(certificate);
        if (PeerCertificate.Refuse(certificate, identity.Authority, usage, time.GetUtcNow()) is { } reason)
            return $"its certificate, for {name ?? "no host"}, is refused: {reason}";
        if (name is null)
            return "its certificate names no host";
        return host is null || name == host ? null : $"its certificate is for {name}";
    }

    private static bool IsAccepted(string? reason, Action<string> refused)
    {
        if (reason is not null)
            refused(reason);
        return reason is null;
    }
}
