using Godwit.Domains;
using Godwit.Native.Files;
using Godwit.Storage.Volumes;

namespace Godwit.Storage.Attachments;

/// <summary>Says of a disk's target what it is, and how a host that has lost a domain is kept from writing to it.</summary>
public sealed class DiskChecks(IVolumeEndpoints endpoints)
{
    private readonly DiskFinder _finder = new(endpoints);

    /// <exception cref="GodwitException">There is no such disk, or it cannot be opened on this host.</exception>
    public async Task<DiskFinding> CheckAsync(string target, CancellationToken cancellationToken)
    {
        var (backend, bare) = target.Split(':', 2) switch
        {
            ["phy", var rest] => (DiskBackend.Block, rest),
            ["file", var rest] => (DiskBackend.File, rest),
            _ => (DiskBackend.Block, target),
        };
        if (bare.Length == 0 || bare.Any(char.IsControl))
            throw new GodwitException(StorageErrors.NoSuchDisk, "That is no target of a disk.", "Write it as in a configuration: group/volume, a path, nbd://… or rbd:…");
        return Describe(await _finder.FindAsync(new DiskSpec { Target = bare, Backend = backend, VirtualDevice = "xvda" }, cancellationToken), bare);
    }

    private static DiskFinding Describe(DiskIdentity disk, string target) => disk.Kind switch
    {
        DiskKind.PoolVolume when disk.LiesOn is { } device => new(disk, $"a volume of a group that hosts share, on {device.Name} of {disk.StorageHost}",
            $"{disk.StorageHost} serves one writer at a time in the sectors of this volume: a move takes the role from the former host in one step, durably, and its frames there are refused from then on.", null),
        DiskKind.PoolVolume => new(disk, $"a volume of the pool on {disk.StorageHost}",
            $"{disk.StorageHost} serves one writer at a time: a move takes the role from the former host in one step, durably, and its frames are refused from then on.", null),
        DiskKind.BlockDevice => new(disk, "a block device that this host has by other means",
            "Nothing of Godwit stands between a host and this device: whoever has it open can write to it.", Unfenced),
        DiskKind.SharedFile => new(disk, $"a file on {FileSystemOf(target)}",
            "The file's lock keeps a second engine from opening it, and ends with the lease of a host that is silent: that host may still write when it is back.", Unfenced),
        DiskKind.File => new(disk, "a file of this host", "No other host has it; so its domain cannot move.",
            "To move it, write it to a volume: godwit volume create, then qemu-img convert on the storage host."),
        DiskKind.Network when NetworkDisk.Parse(disk.Name) is NetworkDisk.Rbd => new(disk, "an image of Ceph, by the engine's own driver",
            "Ceph's exclusive lock goes to whoever writes last, so that a host that has lost the domain may take it back; Ceph keeps a host out only when it is blocklisted, which Godwit does not do.",
            $"After a move that failed, before the domain is started elsewhere: ceph osd blocklist add ADDRESS of the former host. {Unfenced}"),
        DiskKind.Network => new(disk, "an NBD export, by the engine's own driver",
            "NBD knows no fence: each client that is connected may write.", Unfenced),
        _ => throw new ArgumentOutOfRangeException(nameof(disk), disk.Kind, "No such kind of disk."),
    };

    private const string Unfenced = "Domains on it are created and moved with --unfenced, at the risk of the one who does so.";

    private static string FileSystemOf(string path)
    {
        using var file = File.OpenHandle(path);
        return SharedFileSystems.NameOf(file) ?? "a shared file system";
    }
}

/// <param name="Disk">What was found.</param>
/// <param name="Kind">What it is, for a person.</param>
/// <param name="How">How another host is kept from writing to it, or why it is not.</param>
/// <param name="Advice">What to do about it; null where nothing.</param>
public sealed record DiskFinding(DiskIdentity Disk, string Kind, string How, string? Advice);
