using Godwit.Domains;
using Godwit.Domains.Config;
using Godwit.Native.Files;
using Godwit.Storage.Volumes;

namespace Godwit.Storage.Attachments;

/// <summary>
/// Finds what a disk's target names. <c>group/volume</c> is the block device <c>/dev/group/volume</c> where this host
/// has one, and the pool's volume elsewhere. What an engine reaches over the network is not asked for: the engine says
/// whether it is there.
/// </summary>
internal sealed class DiskFinder(IVolumeEndpoints endpoints, string deviceDirectory = "/dev")
{
    public async Task<DiskIdentity> FindAsync(DiskSpec disk, CancellationToken cancellationToken)
    {
        if (NetworkDisk.IsMeant(disk.Target))
        {
            NetworkDisk.Parse(disk.Target);
            return new DiskIdentity { Kind = DiskKind.Network, Name = disk.Target, SizeBytes = 0 };
        }
        if (disk.Target.StartsWith('/'))
            return FindPath(disk, disk.Target);
        var device = Path.Combine(deviceDirectory, disk.Target);
        if (disk.Backend == DiskBackend.Block && !disk.Target.Split('/').Contains("..") && File.Exists(device))
            return FindPath(disk, device);
        var volumes = await endpoints.ListAsync(cancellationToken);
        if (volumes.FirstOrDefault(volume => volume.Name.ToString() == disk.Target) is { } volume)
        {
            return new DiskIdentity
            {
                Kind = DiskKind.PoolVolume,
                Name = disk.Target,
                SizeBytes = volume.SizeBytes,
                StorageHost = volume.StorageHost,
                Shelf = volume.Shelf,
                Slot = volume.Slot,
            };
        }
        var near = Nearest.To(disk.Target, volumes.Select(v => v.Name.ToString()).Concat(Devices()));
        throw new GodwitException(
            StorageErrors.NoSuchDisk,
            near is null
                ? $"there is no volume {disk.Target} in the pool, and no device {device}"
                : $"there is no volume {disk.Target} in the pool, and no device {device}; did you mean {near}?",
            "`godwit volume list` shows the volumes there are.");
    }

    private static DiskIdentity FindPath(DiskSpec disk, string path)
    {
        try
        {
            using var file = File.OpenHandle(path);
            return new DiskIdentity
            {
                Kind = path.StartsWith("/dev/", StringComparison.Ordinal) ? DiskKind.BlockDevice
                    : SharedFileSystems.NameOf(file) is not null ? DiskKind.SharedFile : DiskKind.File,
                Name = disk.Target,
                SizeBytes = StableStorage.SizeOf(file),
            };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new GodwitException(StorageErrors.NoSuchDisk, $"{path} cannot be opened on this host: {e.Message}", "See that the path is right.", e);
        }
    }

    // Logical volumes of this host, by the names under which a configuration gives them.
    private IEnumerable<string> Devices()
    {
        foreach (var group in Directory.EnumerateDirectories(deviceDirectory).Where(d => VolumeName.TryParse(Path.GetFileName(d) + "/x", out _)))
        {
            foreach (var link in Directory.EnumerateFileSystemEntries(group).Where(path => new FileInfo(path).LinkTarget?.Contains("dm-", StringComparison.Ordinal) == true))
                yield return Path.GetRelativePath(deviceDirectory, link);
        }
    }
}
