using System.Collections.Immutable;
using Godwit.Domains;
using Godwit.Domains.Config;
using Godwit.Native.Files;
using Godwit.Storage.Volumes;

namespace Godwit.Storage.Attachments;

/// <summary>
/// Finds what a disk's target names. <c>group/volume</c> is the pool's volume where there is one, also on a host that has it as a block
/// device, past which no fence would hold it; else the block device <c>/dev/group/volume</c> of this host. What an engine reaches over the network is not asked for: the engine says
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
        var volumes = await endpoints.ListAsync(cancellationToken);
        if (volumes.FirstOrDefault(volume => volume.Name.ToString() == disk.Target) is { } volume)
            return FindVolume(volume, volumes);
        var device = Path.Combine(deviceDirectory, disk.Target);
        if (disk.Backend == DiskBackend.Block && !disk.Target.Split('/').Contains("..") && File.Exists(device))
            return FindPath(disk, device);
        var near = Nearest.To(disk.Target, volumes.Select(v => v.Name.ToString()).Concat(Devices()));
        throw new GodwitException(
            StorageErrors.NoSuchDisk,
            near is null
                ? $"there is no volume {disk.Target} in the pool, and no device {device}"
                : $"there is no volume {disk.Target} in the pool, and no device {device}; did you mean {near}?",
            "`godwit volume list` shows the volumes there are.");
    }

    private static DiskIdentity FindVolume(VolumeLocation volume, ImmutableArray<VolumeLocation> volumes)
    {
        if (volume.SharedGroup is { } group)
        {
            throw new GodwitException(StorageErrors.VolumeInUse, $"{volume.Name} is no disk for a domain: the group {group} lies on it.",
                $"Make a volume in that group: godwit volume create {group}/NAME");
        }
        var device = volumes.FirstOrDefault(other => other.Name == volume.LiesOn);
        if (volume.LiesOn is { } missing && device is null)
            throw new GodwitException(StorageErrors.NoSuchDisk, $"{volume.Name} lies on {missing}, which is not there.", "`godwit volume list` shows the volumes there are.");
        return new DiskIdentity
        {
            Kind = DiskKind.PoolVolume,
            Name = volume.Name.ToString(),
            SizeBytes = volume.SizeBytes,
            StorageHost = volume.StorageHost,
            Shelf = volume.Shelf,
            Slot = volume.Slot,
            LiesOn = device is null ? null : new SharedDevice(device.Name.ToString(), device.SizeBytes),
        };
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
