using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Text.Json;
using Godwit.Api;
using Godwit.Daemon.Config;
using Godwit.Daemon.Jobs;
using Godwit.Daemon.Members;
using Godwit.Daemon.Queries;
using Godwit.Daemon.Transport;
using Godwit.Domains;
using Godwit.Native.Files;
using Godwit.Pool;
using Godwit.Storage;

namespace Godwit.Daemon.Images;

/// <summary>Disks that were asked for, for a domain that is not there yet.</summary>
/// <param name="Name">The domain.</param>
/// <param name="StorageHost">Who makes them.</param>
/// <param name="Job">What the work there is known by: only what that job has made is ours to remove.</param>
internal sealed record PendingGuest(string Name, string StorageHost, Guid Job);

/// <summary>
/// Remembers, over a crash too, the disks of domains that are being created, and removes those whose domain has not
/// come to be. An entry is a file in the state directory, written before the disks are asked for.
/// </summary>
internal sealed class PendingGuests(
    DaemonConfig config, Membership membership, PeerConnections peers, IRegistry registry, TimeProvider time, ILogger<PendingGuests> log) : BackgroundService
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(5);
    private readonly string _directory = Path.Combine(config.StateDirectory, "pending-guests");
    private readonly ConcurrentDictionary<string, bool> _active = [];

    /// <exception cref="GodwitException">A domain of that name is being created, or was and is not cleared away yet.</exception>
    public void Begin(PendingGuest guest)
    {
        if (!_active.TryAdd(guest.Name, true))
            throw Busy(guest.Name);
        try
        {
            if (File.Exists(PathOf(guest.Name)))
                throw Busy(guest.Name);
            PrivateDirectory.Ensure(_directory);
            StableStorage.Replace(PathOf(guest.Name), JsonSerializer.SerializeToUtf8Bytes(guest, DaemonJson.Default.PendingGuest));
        }
        catch
        {
            _active.TryRemove(guest.Name, out _);
            throw;
        }
    }

    /// <summary>The domain is there: its disks are its own.</summary>
    public void Keep(PendingGuest guest)
    {
        File.Delete(PathOf(guest.Name));
        StableStorage.SyncDirectory(_directory);
        _active.TryRemove(guest.Name, out _);
    }

    /// <summary>The domain has not come to be. What cannot be removed now is removed later.</summary>
    public async Task UndoAsync(PendingGuest guest, CancellationToken cancellationToken)
    {
        try
        {
            await TryClearAsync(guest, cancellationToken);
        }
        finally
        {
            _active.TryRemove(guest.Name, out _);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await membership.WaitAsync(stoppingToken);
        using var timer = new PeriodicTimer(LookInterval, time);
        do
        {
            if (!Directory.Exists(_directory))
                continue;
            foreach (var path in Directory.GetFiles(_directory, "*.json"))
            {
                var name = Path.GetFileNameWithoutExtension(path);
                if (!_active.TryAdd(name, true))
                    continue;
                try
                {
                    if (Read(path) is { } guest)
                        await TryClearAsync(guest, stoppingToken);
                }
                finally
                {
                    _active.TryRemove(name, out _);
                }
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private async Task TryClearAsync(PendingGuest guest, CancellationToken cancellationToken)
    {
        try
        {
            // A record that is not complete is the domain's creation, which clears it away itself.
            if (await registry.FindAsync(guest.Name, cancellationToken) is { Arriving: true, Owner: var owner } && owner == config.Name)
                return;
            var storage = peers.Client(guest.StorageHost);
            foreach (var volume in await MadeAsync(storage, guest, cancellationToken))
                await DeleteAsync(storage, guest, volume, cancellationToken);
            File.Delete(PathOf(guest.Name));
            StableStorage.SyncDirectory(_directory);
            Log.GuestCleared(log, guest.Name);
        }
        catch (Exception e) when (PeerFailure.IsOne(e, cancellationToken))
        {
            Log.GuestNotCleared(log, guest.Name, e.Message);
        }
    }

    /// <summary>Volumes that the job has made, after its end, which is brought about.</summary>
    private static async Task<ImmutableArray<string>> MadeAsync(GodwitClient storage, PendingGuest guest, CancellationToken cancellationToken)
    {
        try
        {
            await storage.CancelJobAsync(guest.Job, cancellationToken);
            await foreach (var now in storage.JobEventsAsync(guest.Job, cancellationToken))
            {
                if (now.Result is { } result)
                    return result.Products;
            }
            throw new IOException($"{guest.StorageHost} has not said how the making of the disks ended.");
        }
        catch (ApiException e) when (e.Code == JobTable.NoSuchJob)
        {
            // It never heard of it, or was restarted in the middle, which undoes it.
            return [];
        }
    }

    private async Task DeleteAsync(GodwitClient storage, PendingGuest guest, string volume, CancellationToken cancellationToken)
    {
        try
        {
            var name = VolumeName.Parse(volume);
            await storage.DeleteVolumeAsync(name.Group, name.Volume, cancellationToken);
        }
        catch (ApiException e) when (e.Code == StorageErrors.NoSuchVolume)
        {
            // Gone already.
        }
        catch (ApiException e) when (e.Code == StorageErrors.VolumeInUse)
        {
            // The domain has come to be after all; else a host has not let go of it yet.
            if (await registry.FindAsync(guest.Name, cancellationToken) is null)
                throw;
        }
    }

    private static GodwitException Busy(string name) => new(
        "domain-busy", $"{name} is being created here, or what was left of it is being cleared away.", "Wait some seconds, or choose another name.");

    private static PendingGuest? Read(string path)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(path), DaemonJson.Default.PendingGuest);
        }
        catch (Exception e) when (e is JsonException or FileNotFoundException)
        {
            return null;
        }
    }

    private string PathOf(string name) => Path.Combine(_directory, name + ".json");
}
