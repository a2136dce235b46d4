using System.Collections.Concurrent;
using Godwit.Api;
using Godwit.Daemon.Config;
using Godwit.Daemon.Images;
using Godwit.Daemon.Members;
using Godwit.Daemon.Queries;
using Godwit.Daemon.Roles;
using Godwit.Daemon.Transport;
using Godwit.Domains;
using Godwit.Pool;
using Godwit.Storage.Volumes;

namespace Godwit.Daemon.Http;

/// <summary>Which host a route's requests belong to. Without it: the one that is asked.</summary>
internal enum Place
{
    /// <summary>The owner of the domain <c>{name}</c>.</summary>
    Owner = 1,

    /// <summary>The host that sends, or sent, the relocation <c>{id}</c>.</summary>
    Migration,

    /// <summary>The host that may hold the memory of the domain <c>{name}</c> while its owner is gone.</summary>
    Memory,

    /// <summary>The host with the registry and the CA.</summary>
    Registry,

    /// <summary>A host with volumes.</summary>
    Storage,

    /// <summary>The host with the volume <c>{group}/{volume}</c>.</summary>
    Volume,

    /// <summary>The host with the image <c>{image}</c>.</summary>
    Image,
}

internal sealed record PlaceMetadata(Place Place);

/// <summary>Finds the host that a request belongs to.</summary>
internal sealed class RequestPlaces(
    DaemonConfig config, Membership membership, IRegistry registry, PeerDirectory directory, PeerConnections peers, ComputeSlot compute,
    HostAnswers answers, PoolImages images)
{
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(2);
    private const int KeptMigrations = 1024;
    private readonly ConcurrentDictionary<Guid, string> _migrations = new();

    /// <returns>Name of the host; null where it is not known, so that this one answers.</returns>
    public async ValueTask<string?> FindAsync(Place place, RouteValueDictionary route, CancellationToken cancellationToken)
    {
        if (membership.Current is not { } identity)
            return null;
        return place switch
        {
            Place.Owner => await OwnerAsync((string)route["name"]!, cancellationToken),
            Place.Memory => await MemoryHolderAsync((string)route["name"]!, cancellationToken),
            Place.Migration when Guid.TryParse((string?)route["id"], out var id) => await MigrationHostAsync(id, cancellationToken),
            Place.Registry => identity.Pool.RegistryHost,
            Place.Storage when !config.Has(Role.Storage) => await StorageHostAsync(cancellationToken),
            Place.Image => (await images.FindAsync((string)route["image"]!, cancellationToken)).StorageHost,
            Place.Volume => await VolumeHostAsync($"{route["group"]}/{route["volume"]}", cancellationToken),
            _ => null,
        };
    }

    private async Task<string?> OwnerAsync(string domain, CancellationToken cancellationToken)
    {
        try
        {
            return (await registry.FindAsync(domain, cancellationToken))?.Owner;
        }
        catch (GodwitException e) when (e.Code == RegistryErrors.Unavailable)
        {
            return null;
        }
    }

    // Until the owner has said that the domain runs there, whoever gave it holds its memory as it was handed over.
    private async Task<string?> MemoryHolderAsync(string domain, CancellationToken cancellationToken) =>
        await registry.FindAsync(domain, cancellationToken) is { Arriving: true, Last.From: var giver, Owner: var owner }
        && giver != owner && await answers.IsThereAsync(giver, cancellationToken)
            ? giver
            : null;

    private async Task<string?> MigrationHostAsync(Guid id, CancellationToken cancellationToken)
    {
        if (compute.Current?.Relocations.Any(ticket => ticket.Id == id) == true)
            return null;
        if (_migrations.TryGetValue(id, out var known))
            return known;
        var hosts = (await directory.ListAsync(cancellationToken)).Where(host => host.Name != config.Name);
        var answers = await Task.WhenAll(hosts.Select(host => HasMigrationAsync(host.Name, id, cancellationToken)));
        if (answers.FirstOrDefault(answer => answer is not null) is not { } found)
            return null;
        if (_migrations.Count >= KeptMigrations)
            _migrations.Clear();
        return _migrations[id] = found;
    }

    private async Task<string?> HasMigrationAsync(string host, Guid id, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(AnswerLimit);
        try
        {
            var migrations = await peers.Client(host).ListMigrationsAsync(hostOnly: true, limit.Token);
            return migrations.Any(migration => migration.Id == id) ? host : null;
        }
        catch (Exception e) when (PeerFailure.IsOne(e, cancellationToken))
        {
            return null;
        }
    }

    private async Task<string?> VolumeHostAsync(string text, CancellationToken cancellationToken)
    {
        var name = VolumeName.Parse(text);
        var volumes = await registry.ListVolumesAsync(cancellationToken);
        return volumes.FirstOrDefault(volume => volume.Name == name)?.StorageHost
            ?? throw VolumeService.NoSuch($"There is no volume {name}.", name, volumes.Select(volume => volume.Name));
    }

    private async Task<string?> StorageHostAsync(CancellationToken cancellationToken) =>
        (await directory.ListAsync(cancellationToken)).FirstOrDefault(host => host.Roles.Contains(Role.Storage))?.Name;
}
