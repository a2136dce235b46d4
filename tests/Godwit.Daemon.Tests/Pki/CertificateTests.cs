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

    [Theory]
    [InlineData(23, 8760, null)]
    [InlineData(25, 8760, "it is valid from 2030-05-02 13:00:00Z on, and here it is 2030-05-01 12:00:00Z")]
    [InlineData(-8760, -23, null)]
    [InlineData(-8760, -25, "it was valid until 2030-04-30 11:00:00Z, and here it is 2030-05-01 12:00:00Z")]
    public void Clocks_may_differ_by_a_day(int beginsInHours, int endsInHours, string? refusal)
    {
        var now = new DateTimeOffset(2030, 5, 1, 12, 0, 0, TimeSpan.Zero);
        var authority = PoolAuthority.Create("p", new ShiftedTime { Shift = now.AddYears(-2) - DateTimeOffset.UtcNow });
        using var issued = Issue(authority);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(issued.SubjectName, key, HashAlgorithmName.SHA256);
        foreach (var extension in issued.Extensions)
            request.CertificateExtensions.Add(extension);
        using var host = request.Create(authority.Certificate, now.AddHours(beginsInHours), now.AddHours(endsInHours), [1]);
        Assert.Equal(refusal, PeerCertificate.Refuse(host, authority.Certificate, PoolAuthority.ServerUsage, now));
        Assert.Equal(refusal, PeerCertificate.Refuse(host, authority.Certificate, PoolAuthority.ClientUsage, now));
        using var token = JoinToken.Draw(authority.Certificate).OpenAuthorityKey();
        Assert.Equal(refusal, PeerCertificate.Refuse(host, token, now));
    }

    [Fact]
    public void Another_pools_certificate_is_refused_even_if_the_pools_have_the_same_name()
    {
        using var host = Issue(PoolAuthority.Create("p", _time));
        Assert.Equal("it was not signed by this pool's CA", PeerCertificate.Refuse(host, PoolAuthority.Create("p", _time).Certificate, PoolAuthority.ServerUsage, _time.GetUtcNow()));
    }

    [Fact]
    public void An_expired_certificate_is_refused()
    {
        var authority = PoolAuthority.Create("p", _time);
        using var host = Issue(authority);
        Assert.Contains("it was valid until ", PeerCertificate.Refuse(host, authority.Certificate, PoolAuthority.ServerUsage, _time.GetUtcNow().AddYears(11)), StringComparison.Ordinal);
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
        Assert.Contains("it was valid until ", PeerCertificate.Refuse(host, key, _time.GetUtcNow().AddYears(11)), StringComparison.Ordinal);
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
