using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Godwit.Daemon.Config;
using Godwit.Daemon.Pki;
using Godwit.Domains;

namespace Godwit.Daemon.Transport;

/// <summary>
/// The way of a joining host to a member: it has no certificate yet, and knows the pool by the CA's key in the token,
/// which is checked before a byte of the request is sent.
/// </summary>
internal static class JoinHandler
{
    public static SocketsHttpHandler Create(JoinToken token, TimeProvider time)
    {
        var authority = token.OpenAuthorityKey();
        return new SocketsHttpHandler
        {
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            ConnectTimeout = TimeSpan.FromSeconds(5),
            SslOptions = new SslClientAuthenticationOptions
            {
                EnabledSslProtocols = SslProtocols.Tls13,
                RemoteCertificateValidationCallback = (_, certificate, _, _) =>
                    certificate is X509Certificate2 shown && PeerCertificate.Refuse(shown, authority, time.GetUtcNow()) is null,
            },
        };
    }

    /// <exception cref="GodwitException">The text is no host.</exception>
    public static Uri AddressOf(string member)
    {
        if (Uri.TryCreate($"https://{member}", UriKind.Absolute, out var uri)
            && uri.PathAndQuery == "/" && uri.UserInfo.Length == 0 && uri.Host.Length > 0)
        {
            var port = uri.IsDefaultPort && !member.EndsWith(":443", StringComparison.Ordinal) ? DaemonConfig.DefaultPort : uri.Port;
            return new UriBuilder(uri) { Port = port }.Uri;
        }
        throw new GodwitException("bad-address", $"'{member}' is not the address of a host.", "Write HOST or HOST:PORT.");
    }
}
