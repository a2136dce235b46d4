using System.Collections.Immutable;
using System.Net;
using System.Text.Json;
using Godwit.Daemon.Config;
using Godwit.Daemon.Members;
using Godwit.Daemon.Pki;
using Godwit.Domains;
using Godwit.Domains.Config;
using Godwit.Pool;

namespace Godwit.Daemon.Transport;

/// <summary>
/// Who the hosts of the pool are and where they are reached. It remembers what the registry said last, over a restart
/// too, so that hosts find each other while the registry is away.
/// </summary>
internal sealed class PeerDirectory(DaemonConfig config, Membership membership, Lazy<IRegistry> registry, ILogger<PeerDirectory> log)
{
    private readonly Lock _writing = new();
    private ImmutableDictionary<string, HostRecord> _hosts = Load(PathOf(config));

    /// <summary>The hosts as the registry had them last; nobody is asked.</summary>
    public ImmutableArray<HostRecord> Remembered => [.. _hosts.Values.OrderBy(host => host.Name, StringComparer.Ordinal)];

    /// <summary>The hosts as the registry has them now, or had them last.</summary>
    public async Task<ImmutableArray<HostRecord>> ListAsync(CancellationToken cancellationToken)
    {
        try
        {
            var hosts = await registry.Value.ListHostsAsync(cancellationToken);
            Remember(hosts);
            return hosts;
        }
        catch (GodwitException e) when (e.Code == RegistryErrors.Unavailable && !_hosts.IsEmpty)
        {
            return Remembered;
        }
    }

    /// <summary>Address and port of a host's daemon.</summary>
    /// <exception cref="GodwitException">The pool has no such host.</exception>
    public async Task<IPEndPoint> FindAsync(string host, CancellationToken cancellationToken)
    {
        var pool = membership.Require().Pool;
        if (host == pool.RegistryHost && host != config.Name)
            return IPEndPoint.Parse(pool.RegistryAddress);
        if (host == config.Name)
            return new IPEndPoint(config.Address, config.Port);
        if (!_hosts.TryGetValue(host, out var record))
        {
            await ListAsync(cancellationToken);
            if (!_hosts.TryGetValue(host, out record))
                throw NoSuchHost(host);
        }
        return IPEndPoint.Parse(record.Address);
    }

    /// <summary>Whether the registry lists the host. One that has just joined is not listed until it has registered.</summary>
    public async Task<bool> IsListedAsync(string host, CancellationToken cancellationToken)
    {
        if (_hosts.ContainsKey(host) || host == membership.Require().Pool.RegistryHost)
            return true;
        await ListAsync(cancellationToken);
        return _hosts.ContainsKey(host);
    }

    private static string PathOf(DaemonConfig config) => Path.Combine(config.StateDirectory, "hosts.json");

    private void Remember(ImmutableArray<HostRecord> hosts)
    {
        lock (_writing)
        {
            var isNew = hosts.Length != _hosts.Count || hosts.Any(host => !IsKnown(host));
            _hosts = hosts.ToImmutableDictionary(host => host.Name, StringComparer.Ordinal);
            if (!isNew)
                return;
            try
            {
                PrivateFile.Write(PathOf(config), JsonSerializer.SerializeToUtf8Bytes(hosts, DaemonJson.Default.ImmutableArrayHostRecord));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Only a daemon that starts while the registry is away will miss it.
                Log.HostsNotKept(log, PathOf(config), e.Message);
            }
        }
    }

    private bool IsKnown(HostRecord host) =>
        _hosts.TryGetValue(host.Name, out var known) && known.Address == host.Address && known.Roles.SequenceEqual(host.Roles)
        && known.StorageMacs.SequenceEqual(host.StorageMacs);

    // What cannot be read is asked for again.
    private static ImmutableDictionary<string, HostRecord> Load(string path)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(path), DaemonJson.Default.ImmutableArrayHostRecord)
                .ToImmutableDictionary(host => host.Name, StringComparer.Ordinal);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return ImmutableDictionary<string, HostRecord>.Empty;
        }
    }

    private GodwitException NoSuchHost(string host)
    {
        var nearest = Nearest.To(host, _hosts.Keys);
        return new GodwitException(
            "no-such-host", $"The pool has no host {host}.",
            nearest is null ? $"Its hosts are {string.Join(", ", _hosts.Keys.Order(StringComparer.Ordinal))}." : $"Did you mean {nearest}?");
    }
}
