using System.Net;
using System.Net.Sockets;
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
    DaemonConfig config, HostSetup setup, PoolFiles files, Membership membership, TokenStore tokens, IRegistry registry, TimeProvider time)
    : IDisposable
{
    private static readonly TimeSpan JoinLimit = TimeSpan.FromSeconds(15);
    private readonly SemaphoreSlim _entering = new(1, 1);

    /// <summary>The pool that this daemon has entered and will belong to when it has begun anew.</summary>
    private PoolIdentity? _entered;

    /// <summary>The pool, and what this host is in it.</summary>
    /// <exception cref="GodwitException">This host belongs to no pool yet.</exception>
    public PoolInfo Describe() => Describe(membership.Require(), config);

    /// <summary>Makes a pool of this host, which then keeps the registry and the CA.</summary>
    public async Task<PoolInfo> InitAsync(PoolInitRequest request, CancellationToken cancellationToken)
    {
        var settled = setup.Settle(request.Host, [Role.Storage, Role.Registry], member: null);
        if (!settled.Has(Role.Registry))
        {
            throw new GodwitException(
                "no-registry-role", $"{config.Name} does not have the role registry.",
                "Make the pool on a host that has it, or give this one the role: with --roles, or in godwitd.toml where roles is set there.");
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
            using var certificate = authority.Issue(new PublicKey(key), config.Name, settled.Address);
            files.SaveAuthority(authority);
            return Enter(new PoolFile(pool, config.Name, config.Name, settled.Endpoint), authority.Certificate, certificate, key, settled);
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
            var member = JoinHandler.AddressOf(request.Member);
            var settled = setup.Settle(request.Host, [Role.Compute], await ResolveAsync(member, limit.Token));
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var signing = new CertificateRequest($"CN={config.Name}", key, HashAlgorithmName.SHA256).CreateSigningRequestPem();
            using var client = new GodwitClient(new HttpMessageInvoker(JoinHandler.Create(token, time)), member);
            var answer = await client.PoolMemberAsync(
                new PoolMemberRequest(request.Token, config.Name, settled.Address.ToString(), signing), limit.Token);
            return Enter(answer, token, key, settled);
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

    /// <summary>Null where the name is not known: the request that follows says so.</summary>
    private static async Task<IPAddress?> ResolveAsync(Uri member, CancellationToken cancellationToken)
    {
        try
        {
            return (await Dns.GetHostAddressesAsync(member.DnsSafeHost, cancellationToken)).FirstOrDefault();
        }
        catch (SocketException)
        {
            return null;
        }
    }

    private PoolInfo Enter(PoolMembership answer, JoinToken token, ECDsa key, DaemonConfig settled)
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
        return Enter(new PoolFile(answer.Pool, config.Name, answer.RegistryHost, answer.RegistryAddress), authority, certificate, key, settled);
    }

    /// <summary>A daemon that has to begin anew to be what was settled enters the pool as it does so.</summary>
    private PoolInfo Enter(PoolFile pool, X509Certificate2 authority, X509Certificate2 certificate, ECDsa key, DaemonConfig settled)
    {
        KeptSettings.Save(config.StateDirectory, setup.ToKeep(settled));
        var identity = files.Save(pool, authority, certificate, key);
        var restarting = setup.Changes(settled);
        if (restarting)
            _entered = identity;
        else
            membership.Enter(identity);
        return Describe(identity, settled) with { Restarting = restarting };
    }

    private static PoolInfo Describe(PoolIdentity identity, DaemonConfig config) => identity.Describe() with
    {
        Role = new HostRole(config.Address.ToString(), config.Roles, config.Storage.Interfaces),
    };

    private void RefuseMember()
    {
        if ((membership.Current ?? _entered) is { } identity)
        {
            throw new GodwitException(
                "already-in-pool", $"This host belongs to the pool {identity.Pool.Name} already.", "See `godwit pool status`.");
        }
    }

    private PoolAuthority Authority() => files.LoadAuthority() ?? throw new GodwitException(
        "no-authority", $"{config.Name} does not keep the pool's certificate authority.",
        $"Ask {membership.Require().Pool.RegistryHost}, with --host.");
}
