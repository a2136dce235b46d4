using System.Collections.Immutable;

namespace Godwit.Api;

/// <summary>The pool that a host belongs to.</summary>
/// <param name="Name">Name of the pool.</param>
/// <param name="Host">Name in the pool of the host that was asked.</param>
/// <param name="RegistryHost">Host that keeps the registry and the pool's certificate authority.</param>
/// <param name="AuthorityFingerprint">SHA-256 of the pool's CA certificate, in lower-case hexadecimal.</param>
public sealed record PoolInfo(string Name, string Host, string RegistryHost, string AuthorityFingerprint);

/// <summary>Body of <c>pool init</c>.</summary>
/// <param name="Name">Name of the pool; <c>godwit</c> when not given.</param>
public sealed record PoolInitRequest(string? Name = null);

/// <summary>Lets one host join, once, until it expires.</summary>
/// <param name="Token">Holds a secret and the public key of the pool's CA, by which the joining host knows the pool.</param>
public sealed record PoolToken(string Token, DateTimeOffset Expires);

/// <param name="Missing">Hosts whose reports the registry still waits for; none: it serves.</param>
public sealed record PoolExcuse(ImmutableArray<string> Missing);

/// <summary>Body of <c>pool join</c>.</summary>
/// <param name="Member">Address of a member, as <c>HOST</c> or <c>HOST:PORT</c>; the port is 8002 when not given.</param>
public sealed record PoolJoinRequest(string Member, string Token);

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
