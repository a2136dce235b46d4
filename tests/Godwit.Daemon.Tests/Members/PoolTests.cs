using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Godwit.Api;
using Godwit.Daemon.Config;
using Godwit.Daemon.Members;
using Godwit.Daemon.Pki;
using Godwit.Daemon.Tests.Hosting;
using Godwit.Daemon.Transport;

namespace Godwit.Daemon.Tests.Members;

public sealed class PoolTests(TestPool pool) : IClassFixture<TestPool>
{
    [Fact]
    public async Task Hosts_that_joined_see_each_other_from_everywhere()
    {
        foreach (var host in new[] { pool.Storage, pool.First, pool.Second })
        {
            using var client = host.Client();
            // Other tests let further hosts join the pool that they share, and leave again.
            string[] members = ["resource-1", "resource-2", "storage"];
            var hosts = (await client.ListHostsAsync(default)).Where(h => members.Contains(h.Name)).ToList();
            Assert.Equal(members, hosts.Select(h => h.Name));
            Assert.All(hosts, h => Assert.True(h.Reachable, $"{h.Name} seen from {host.Name}"));
            Assert.Equal("storage", (await client.PoolStatusAsync(default)).RegistryHost);
        }
    }

    [Fact]
    public async Task A_member_cannot_make_or_join_another_pool()
    {
        using var client = pool.Storage.Client();
        Assert.Equal("already-in-pool", (await Assert.ThrowsAsync<ApiException>(() => client.PoolInitAsync(default))).Code);
        var token = await client.PoolTokenAsync(default);
        using var first = pool.First.Client();
        Assert.Equal("already-in-pool", (await Assert.ThrowsAsync<ApiException>(
            () => first.PoolJoinAsync(new PoolJoinRequest(pool.Storage.Config.Endpoint, token.Token), default))).Code);
    }

    [Fact]
    public async Task Tokens_are_refused_when_used_expired_or_from_elsewhere()
    {
        await using var newcomer = await TestHost.StartAsync("resource-9", pool.Time, Role.Compute);
        await using var stranger = await TestHost.StartAsync("stranger", pool.Time, Role.Registry);
        using var storage = pool.Storage.Client();
        using var here = newcomer.Client();
        using (var elsewhere = stranger.Client())
        {
            await elsewhere.PoolInitAsync(default);
            var foreign = (await elsewhere.PoolTokenAsync(default)).Token;
            // The key in it is not that of this pool: nothing is sent, not even the token.
            var audited = await AuditAsync();
            var refused = await Assert.ThrowsAsync<ApiException>(() => Join(foreign));
            Assert.Equal("wrong-pool", refused.Code);
            Assert.Equal(audited, await AuditAsync());
        }

        var wrong = JoinToken.Draw(pool.Storage.Membership.Require().Authority).ToString();
        Assert.Equal("bad-token", (await Assert.ThrowsAsync<ApiException>(() => Join(wrong))).Code);

        var late = (await storage.PoolTokenAsync(default)).Token;
        pool.Time.Shift += TimeSpan.FromMinutes(61);
        Assert.Equal("token-expired", (await Assert.ThrowsAsync<ApiException>(() => Join(late))).Code);

        // Through a member that keeps no CA: it hands the request on.
        var good = (await storage.PoolTokenAsync(default)).Token;
        var joined = await here.PoolJoinAsync(new PoolJoinRequest(pool.First.Config.Endpoint, good), default);
        Assert.Equal(("godwit", "storage"), (joined.Name, joined.RegistryHost));
        await using var another = await TestHost.StartAsync("resource-8", pool.Time, Role.Compute);
        using var there = another.Client();
        Assert.Equal("bad-token", (await Assert.ThrowsAsync<ApiException>(
            () => there.PoolJoinAsync(new PoolJoinRequest(pool.Storage.Config.Endpoint, good), default))).Code);

        Task<PoolInfo> Join(string token) => here.PoolJoinAsync(new PoolJoinRequest(pool.Storage.Config.Endpoint, token), default);
        // But for what the hosts of the pool report by themselves, at any time.
        async Task<string[]> AuditAsync() =>
            [.. (await File.ReadAllLinesAsync(pool.Storage.AuditPath)).Where(line => !line.Contains("/registry/reports\"", StringComparison.Ordinal))];
    }

    [Fact]
    public async Task A_name_that_the_pool_has_is_not_given_to_another_host()
    {
        await using var impostor = await TestHost.StartAsync("resource-1", pool.Time, Role.Compute);
        var e = await Assert.ThrowsAsync<ApiException>(() => impostor.JoinAsync(pool.Storage));
        Assert.Equal("host-exists", e.Code);
        Assert.Null(impostor.Membership.Current);
    }

    [Fact]
    public async Task Without_a_certificate_nothing_is_served_but_the_way_in()
    {
        using var http = new HttpClient(new SocketsHttpHandler
        {
            SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = (_, _, _, _) => true },
        });
        foreach (var path in new[] { ApiRoutes.Hosts, ApiRoutes.Domains, ApiRoutes.RegistryDomains, ApiRoutes.OpenApi, "/nothing" })
        {
            using var answer = await http.GetAsync(new Uri($"https://{pool.Storage.Config.Endpoint}{path}"));
            Assert.Contains("certificate-required", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Certificates_of_another_pool_or_past_their_time_end_the_handshake()
    {
        var foreign = PoolAuthority.Create("godwit", pool.Time);
        await Assert.ThrowsAnyAsync<IOException>(() => SpeakAsync(foreign));
        var own = new PoolFiles(pool.Storage.Config.StateDirectory, TimeProvider.System).LoadAuthority()!;
        var shift = pool.Time.Shift;
        pool.Time.Shift = TimeSpan.FromDays(365 * 11);
        await Assert.ThrowsAnyAsync<IOException>(() => SpeakAsync(own));
        pool.Time.Shift = shift;
        // The same in its time: what the two above were refused for is the certificate and nothing else.
        await SpeakAsync(own);
    }

    [Fact]
    public async Task The_host_that_answers_must_be_the_one_that_was_asked()
    {
        var identity = pool.First.Membership.Require();
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(pool.Storage.Config.Address, pool.Storage.Config.Port);
        await using var stream = new SslStream(new NetworkStream(socket));
        string? refusal = null;
        await Assert.ThrowsAsync<System.Security.Authentication.AuthenticationException>(
            () => stream.AuthenticateAsClientAsync(PoolTls.Client(identity, "resource-2", SslApplicationProtocol.Http11, pool.Time, reason => refusal = reason)));
        Assert.Equal("its certificate is for storage", refusal);
    }

    [Fact]
    public void Private_keys_are_their_owners_alone_and_membership_survives_a_restart()
    {
        var files = new PoolFiles(pool.First.Config.StateDirectory, pool.Time);
        Assert.Equal("resource-1", files.Load()!.Pool.Host);
        Assert.Null(files.LoadAuthority());
        var key = Path.Combine(pool.First.Config.StateDirectory, "pki", "host.key");
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(key));
    }

    [Fact]
    public async Task A_host_without_the_registry_role_makes_no_pool()
    {
        await using var host = await TestHost.StartAsync("lone", pool.Time, Role.Compute);
        using var client = host.Client();
        Assert.Equal("no-pool", (await Assert.ThrowsAsync<ApiException>(() => client.PoolStatusAsync(default))).Code);
        Assert.Equal("no-registry-role", (await Assert.ThrowsAsync<ApiException>(() => client.PoolInitAsync(default))).Code);
    }

    /// <summary>A request with a certificate for resource-1 made by an authority.</summary>
    private async Task SpeakAsync(PoolAuthority authority)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var bare = authority.Issue(new PublicKey(key), "resource-1", pool.Storage.Config.Address);
        using var certificate = bare.CopyWithPrivateKey(key);
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(pool.Storage.Config.Address, pool.Storage.Config.Port);
        await using var stream = new SslStream(new NetworkStream(socket));
        await stream.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "storage",
            ClientCertificateContext = SslStreamCertificateContext.Create(certificate, null, offline: true),
            RemoteCertificateValidationCallback = (_, _, _, _) => true,
        });
        await stream.WriteAsync("GET /v1/host HTTP/1.1\r\nHost: storage\r\n\r\n"u8.ToArray());
        var answer = new byte[64];
        if (await stream.ReadAsync(answer) == 0)
            throw new IOException("The server closed the connection.");
        Assert.True(answer.AsSpan().StartsWith("HTTP/1.1 200"u8));
    }
}
