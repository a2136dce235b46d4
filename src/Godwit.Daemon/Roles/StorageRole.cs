using System.Collections.Immutable;
using Godwit.Daemon.Config;
using Godwit.Daemon.Images;
using Godwit.Daemon.Members;
using Godwit.Daemon.Transport;
using Godwit.Daemon.Volumes;
using Godwit.Domains;
using Godwit.Pool;
using Godwit.Storage.Fences;
using Godwit.Storage.Volumes;
using Godwit.Storage.Volumes.Stores;

namespace Godwit.Daemon.Roles;

/// <summary>Puts together what serves volumes, exports them, and enters them in the registry.</summary>
internal sealed class StorageRole(
    DaemonConfig config, Membership membership, VolumeSlot slot, ImageHost images, IRegistry registry, PeerDirectory directory, PeerConnections peers, TimeProvider time,
    ILoggerFactory logs) : BackgroundService
{
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(1);
    private readonly ILogger _log = logs.CreateLogger<StorageRole>();

    /// <summary>Where the sockets of its exports are.</summary>
    public static string ExportsDirectory(DaemonConfig config) => Path.Combine(config.RunDirectory, "exports");

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (config.Storage.Interfaces is not [_, ..] cards)
        {
            slot.Reason = "its godwitd.toml names no interface of the storage network";
            Log.StorageNotReady(_log, slot.Reason);
            return;
        }
        var state = Path.Combine(config.StateDirectory, "storage");
        Directory.CreateDirectory(state);
        var exports = new VolumeExports(
            new ExportPlaces(Programs.Find(config.Storage.AoeTool), cards, Path.Combine(state, "exports"), ExportsDirectory(config)),
            time, logs.CreateLogger<VolumeExports>());
        var groups = new VolumeGroups(config.Name, config.Storage.Groups, new GroupFile(Path.Combine(state, "groups.json")), VolumeStores.Open);
        var service = new VolumeService(
            config.Name, groups,
            new VolumeCatalog(Path.Combine(state, "catalog.json")), exports, DirectVolumeData.Instance, time, logs.CreateLogger<VolumeService>());
        // What was served before goes on being served, pool or no pool; roles in it are given to members only.
        var running = service.RunAsync(stoppingToken);
        // What an image in the making has left goes now, not when the next one is asked for.
        _ = images.Library;
        await membership.WaitAsync(stoppingToken);
        slot.Enter(new LocalVolumes(config.Name, service, groups, new VolumeFences(service, exports), registry, new RemoteVolumeUsers(peers), new RemoteGroupMembers(config.Name, directory, peers)));
        Log.StorageReady(_log, service.List().Length);
        await PublishAsync(service, stoppingToken);
        await running;
    }

    // A registry that was restored from a backup, or was away when a volume was made or deleted, learns of it here.
    private async Task PublishAsync(VolumeService volumes, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                // What is made meanwhile is in the list before it is in the registry.
                var known = await registry.ListVolumesAsync(cancellationToken);
                ImmutableArray<VolumeLocation> all = [.. volumes.List(), .. volumes.ListShared()];
                foreach (var volume in all)
                    await registry.PutVolumeAsync(LocalVolumes.Record(volume), cancellationToken);
                foreach (var gone in known.Where(record => record.StorageHost == config.Name && all.All(volume => volume.Name != record.Name)))
                    await registry.RemoveVolumeAsync(gone.Name, config.Name, cancellationToken);
                return;
            }
            catch (GodwitException e)
            {
                Log.NotRegistered(_log, e.Message);
                await Task.Delay(Again, time, cancellationToken);
            }
        }
    }
}
