using System.Collections.Immutable;

namespace Godwit.Api;

/// <summary>The pool that a host belongs to.</summary>
/// <param name="Name">Name of the pool.</param>
/// <param name="Host">Name in the pool of the host that was asked.</param>
/// <param name="RegistryHost">Host that keeps the registry and the pool's certificate authority.</param>
/// <param name="AuthorityFingerprint">SHA-256 of the pool's CA certificate, in lower-case hexadecimal.</param>
public sealed record PoolInfo(string Name, string Host, string RegistryHost, string AuthorityFingerprint)
{
    /// <summary>What the host that was asked is in the pool.</summary>
    public HostRole? Role { get; init; }

    /// <summary>
    /// The host's daemon begins anew, to be what was settled as it entered: its socket is away for a moment, and
    /// <see cref="ApiRoutes.PoolReady"/> answers when it can be used. <see cref="GodwitClient"/> waits for that itself.
    /// </summary>
    public bool Restarting { get; init; }
}

/// <param name="Address">Address at which the other hosts reach it.</param>
/// <param name="Roles">Of <c>compute</c>, <c>storage</c>, <c>registry</c>.</param>
/// <param name="StorageInterfaces">Its interfaces of the storage network.</param>
public sealed record HostRole(string Address, ImmutableArray<string> Roles, ImmutableArray<string> StorageInterfaces);

/// <summary>
/// What a host shall be in the pool that it enters; null for what is to be found out. What the host's configuration file says
/// goes before it, and another wish is refused.
/// </summary>
/// <param name="Roles">Of <c>compute</c>, <c>storage</c>, <c>registry</c>.</param>
/// <param name="StorageInterfaces">Names of its interfaces of the storage network.</param>
/// <param name="Address">IP address at which the other hosts reach it.</param>
public sealed record HostChoices(
    ImmutableArray<string>? Roles = null, ImmutableArray<string>? StorageInterfaces = null, string? Address = null);

/// <summary>Body of <c>pool init</c>.</summary>
/// <param name="Name">Name of the pool; <c>godwit</c> when not given.</param>
public sealed record PoolInitRequest(string? Name = null, HostChoices? Host = null);

/// <summary>Lets one host join, once, until it expires.</summary>
/// <param name="Token">Holds a secret and the public key of the pool's CA, by which the joining host knows the pool.</param>
public sealed record PoolToken(string Token, DateTimeOffset Expires);

/// <param name="Missing">Hosts whose reports the registry still waits for; none: it serves.</param>
public sealed record PoolExcuse(ImmutableArray<string> Missing);

/// <summary>Body of <c>pool join</c>.</summary>
/// <param name="Member">Address of a member, as <c>HOST</c> or <c>HOST:PORT</c>; the port is 8002 when not given.</param>
public sealed record PoolJoinRequest(string Member, string Token, HostChoices? Host = null);

/// <summary>What a joining host sends to a member.</summary>
/// <param name="Token">The whole token; the pool keeps only a hash of its secret.</param>
/// <param name="Name">Name that it wants to have in the pool.</param>
/// <param name="Address">IP address at which other hosts reach it.</param>
/// <param name="SigningRequest">PKCS #10 in PEM; only its public key is used.</param>
public sealed record PoolMemberRequest(string Token, string Name, string Address, string SigningRequest);

/// <summary>What a host needs to be a member.</summary>
/// <param name="Certificate">Its certificate, in PEM.</param>
/// <param name="Authority">The pool's CA certificate, in PEM.</param>
/// <param name="RegistryAddress">Address and port of the registry's daemon.</param>
public sealed record PoolMembership(
    string Pool, string Certificate, string Authority, string RegistryHost, string RegistryAddress, ImmutableArray<string> Members);
