using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Godwit.Daemon.Pki;
using Godwit.Domains;
using Godwit.Daemon.Tests.Hosting;

namespace Godwit.Daemon.Tests.Pki;

public sealed class CertificateTests
{
    private readonly ShiftedTime _time = new();

    [Fact]
    public void A_host_of_the_pool_is_accepted_in_both_directions_under_its_name()
    {
        var authority = PoolAuthority.Create("p", _time);
        using var host = Issue(authority);
        Assert.Null(PeerCertificate.Refuse(host, authority.Certificate, PoolAuthority.ServerUsage, _time.GetUtcNow()));
        Assert.Null(PeerCertificate.Refuse(host, authority.Certificate, PoolAuthority.ClientUsage, _time.GetUtcNow()));
        Assert.Equal("xen_resource_1", PeerCertificate.HostOf(host));
    }

    [Fact]
    public void Clocks_may_differ_by_most_of_a_day()
    {
        var authority = PoolAuthority.Create("p", _time);
        using var host = Issue(authority);
        Assert.Null(PeerCertificate.Refuse(host, authority.Certificate, PoolAuthority.ServerUsage, _time.GetUtcNow().AddHours(-23)));
        Assert.NotNull(PeerCertificate.Refuse(host, authority.Certificate, PoolAuthority.ServerUsage, _time.GetUtcNow().AddHours(-25)));
    }

    [Fact]
    public void Another_pools_certificate_is_refused_even_if_the_pools_have_the_same_name()
    {
        using var host = Issue(PoolAuthority.Create("p", _time));
        Assert.NotNull(PeerCertificate.Refuse(host, PoolAuthority.Create("p", _time).Certificate, PoolAuthority.ServerUsage, _time.GetUtcNow()));
    }

    [Fact]
    public void An_expired_certificate_is_refused()
    {
        var authority = PoolAuthority.Create("p", _time);
        using var host = Issue(authority);
        Assert.Contains("NotTimeValid", PeerCertificate.Refuse(host, authority.Certificate, PoolAuthority.ServerUsage, _time.GetUtcNow().AddYears(11)), StringComparison.Ordinal);
    }

    [Fact]
    public void By_the_key_in_a_token_the_pool_is_known_and_no_other_is()
    {
        var authority = PoolAuthority.Create("p", _time);
        using var host = Issue(authority);
        using var key = JoinToken.Parse(JoinToken.Draw(authority.Certificate).ToString()).OpenAuthorityKey();
        using var other = JoinToken.Draw(PoolAuthority.Create("p", _time).Certificate).OpenAuthorityKey();
        Assert.Null(PeerCertificate.Refuse(host, key, _time.GetUtcNow()));
        Assert.Contains("not signed by the pool", PeerCertificate.Refuse(host, other, _time.GetUtcNow()), StringComparison.Ordinal);
        Assert.Contains("not valid", PeerCertificate.Refuse(host, key, _time.GetUtcNow().AddYears(11)), StringComparison.Ordinal);
        Assert.Contains("not for a server", PeerCertificate.Refuse(authority.Certificate, key, _time.GetUtcNow()), StringComparison.Ordinal);
    }

    [Fact]
    public void A_request_that_is_not_signed_with_its_own_key_gets_no_certificate()
    {
        var authority = PoolAuthority.Create("p", _time);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=a", key, HashAlgorithmName.SHA256).CreateSigningRequest();
        request[^1] ^= 1;
        var pem = PemEncoding.WriteString("CERTIFICATE REQUEST", request);
        Assert.Equal("bad-signing-request", Assert.Throws<GodwitException>(() => authority.Issue(pem, "a", IPAddress.Loopback)).Code);
        using var rsa = RSA.Create(2048);
        pem = new CertificateRequest("CN=a", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1).CreateSigningRequestPem();
        Assert.Equal("bad-signing-request", Assert.Throws<GodwitException>(() => authority.Issue(pem, "a", IPAddress.Loopback)).Code);
    }

    private static X509Certificate2 Issue(PoolAuthority authority)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return authority.Issue(new PublicKey(key), "xen_resource_1", IPAddress.Loopback);
    }
}
