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
    public static SslServerAuthenticationOptions Server(PoolIdentity identity, TimeProvider time) => new()
    {
        ServerCertificateContext = identity.Credentials,
        ClientCertificateRequired = true,
        EnabledSslProtocols = SslProtocols.Tls13,
        CipherSuitesPolicy = Ciphers,
        ApplicationProtocols = [Relocation, SslApplicationProtocol.Http11],
        RemoteCertificateValidationCallback = (_, shown, _, _) =>
            shown is null || (shown is X509Certificate2 certificate
                && PeerCertificate.Refuse(certificate, identity.Authority, PoolAuthority.ClientUsage, time.GetUtcNow()) is null
                && PeerCertificate.HostOf(certificate) is not null),
    };

    /// <summary>For connections to a host of the pool, which must show a certificate in that name.</summary>
    public static SslClientAuthenticationOptions Client(PoolIdentity identity, string host, SslApplicationProtocol protocol, TimeProvider time) => new()
    {
        TargetHost = host,
        ClientCertificateContext = identity.Credentials,
        EnabledSslProtocols = SslProtocols.Tls13,
        CipherSuitesPolicy = Ciphers,
        ApplicationProtocols = [protocol],
        RemoteCertificateValidationCallback = (_, shown, _, _) =>
            shown is X509Certificate2 certificate
            && PeerCertificate.Refuse(certificate, identity.Authority, PoolAuthority.ServerUsage, time.GetUtcNow()) is null
            && PeerCertificate.HostOf(certificate) == host,
    };
}
