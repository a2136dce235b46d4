using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Godwit.Api;
using Godwit.Daemon.Config;
using Godwit.Daemon.Pki;
using Godwit.Daemon.Transport;
using Godwit.Domains;
using Godwit.Pool;

namespace Godwit.Daemon.Members;

/// <summary>Makes pools, lets hosts in, and joins: the acts of <c>godwit pool</c>.</summary>
internal sealed class PoolDesk(
    DaemonConfig config, PoolFiles files, Membership membership, TokenStore tokens, IRegistry registry, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan JoinLimit = TimeSpan.FromSeconds(15);
    private readonly SemaphoreSlim _entering = new(1, 1);

    /// <summary>Makes a pool of this host, which then keeps the registry and the CA.</summary>
    public async Task<PoolInfo> InitAsync(PoolInitRequest request, CancellationToken cancellationToken)
    {
        if (!config.Has(Role.Registry))
        {
            throw new GodwitException(
                "no-registry-role", $"{config.Name} does not have the role registry.",
                "Make the pool on a host that has it, or add \"registry\" to roles in godwitd.toml and restart godwitd.");
        }
        await _entering.WaitAsync(cancellationToken);
        try
        {
            RefuseMember();
            var pool = request.Name ?? "godwit";
            if (!ConfigFile.IsHostName(pool))
                throw new GodwitException("bad-pool-name", $"'{pool}' cannot be the name of a pool.", "Use small letters, digits, - _ and dots.");
            var authority = PoolAuthority.Create(pool, time);
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            using var certificate = authority.Issue(new PublicKey(key), config.Name, config.Address);
            files.SaveAuthority(authority);
            var identity = files.Save(new PoolFile(pool, config.Name, config.Name, config.Endpoint), authority.Certificate, certificate, key);
            membership.Enter(identity);
            return identity.Describe();
        }
        finally
        {
            _entering.Release();
        }
    }

    public PoolToken CreateToken()
    {
        membership.Require();
        var token = JoinToken.Draw(Authority().Certificate);
        return new PoolToken(token.ToString(), tokens.Add(token));
    }

    /// <summary>Issues a certificate to a host that shows a token.</summary>
    public async Task<PoolMembership> AdmitAsync(PoolMemberRequest request, CancellationToken cancellationToken)
    {
        var identity = membership.Require();
        var authority = Authority();
        var token = JoinToken.Parse(request.Token);
        if (!ConfigFile.IsHostName(request.Name))
            throw new GodwitException("bad-host-name", $"'{request.Name}' cannot be the name of a host.");
        if (!IPAddress.TryParse(request.Address, out var address))
            throw new GodwitException("bad-address", $"'{request.Address}' is not an IP address.");
        var hosts = await registry.ListHostsAsync(cancellationToken);
        tokens.Redeem(token);
        if (request.Name == config.Name || hosts.Any(host => host.Name == request.Name))
        {
            throw new GodwitException(
                "host-exists", $"The pool has a host {request.Name} already.", "Give the new one another name in its godwitd.toml.");
        }
        using var certificate = authority.Issue(request.SigningRequest, request.Name, address);
        return new PoolMembership(
            identity.Pool.Name, certificate.ExportCertificatePem(), authority.Certificate.ExportCertificatePem(),
            config.Name, config.Endpoint, [.. hosts.Select(host => host.Name)]);
    }

    /// <summary>Joins a pool through one of its members, which is known by the key in the token.</summary>
    public async Task<PoolInfo> JoinAsync(PoolJoinRequest request, CancellationToken cancellationToken)
    {
        await _entering.WaitAsync(cancellationToken);
        try
        {
            RefuseMember();
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(JoinLimit);
            var token = JoinToken.Parse(request.Token);
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var signing = new CertificateRequest($"CN={config.Name}", key, HashAlgorithmName.SHA256).CreateSigningRequestPem();
            using var member = new GodwitClient(
                new HttpMessageInvoker(JoinHandler.Create(token, time)), JoinHandler.AddressOf(request.Member));
            var answer = await member.PoolMemberAsync(
                new PoolMemberRequest(request.Token, config.Name, config.Address.ToString(), signing), limit.Token);
            return Enter(answer, token, key);
        }
        catch (ApiException e) when (e.InnerException is HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError })
        {
            throw new GodwitException(
                "wrong-pool", $"{request.Member} does not belong to the pool that the token is from; nothing was sent to it.",
                "Make a token with `godwit pool token` on a member of the pool that you mean, and join by that member.", e);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new GodwitException(
                ApiException.HostUnreachable, $"{request.Member} does not answer within {JoinLimit.TotalSeconds} s.", "See that its godwitd runs.", e);
        }
        finally
        {
            _entering.Release();
        }
    }

    public void Dispose() => _entering.Dispose();

    private PoolInfo Enter(PoolMembership answer, JoinToken token, ECDsa key)
    {
        using var authority = X509Certificate2.CreateFromPem(answer.Authority);
        using var certificate = X509Certificate2.CreateFromPem(answer.Certificate);
        using var trusted = token.OpenAuthorityKey();
        using var shown = authority.GetECDsaPublicKey();
        if (shown is null || !shown.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(trusted.ExportSubjectPublicKeyInfo())
            || PeerCertificate.Refuse(certificate, authority, PoolAuthority.ServerUsage, time.GetUtcNow()) is not null
            || PeerCertificate.HostOf(certificate) != config.Name)
        {
            throw new GodwitException(
                "wrong-pool", "The member's answer does not fit the token.", "Make a new token on a member of the pool that you mean.");
        }
        var pool = new PoolFile(answer.Pool, config.Name, answer.RegistryHost, answer.RegistryAddress);
        var identity = files.Save(pool, authority, certificate, key);
        membership.Enter(identity);
        return identity.Describe();
    }

    private void RefuseMember()
    {
        if (membership.Current is { } identity)
        {
            throw new GodwitException(
                "already-in-pool", $"This host belongs to the pool {identity.Pool.Name} already.", "See `godwit pool status`.");
        }
    }

    private PoolAuthority Authority() => files.LoadAuthority() ?? throw new GodwitException(
        "no-authority", $"{config.Name} does not keep the pool's certificate authority.",
        $"Ask {membership.Require().Pool.RegistryHost}, with --host.");
}
