using System.Collections.Immutable;
using Godwit.Domains;
using Godwit.Pool;
using Godwit.Storage;
using Godwit.Storage.Groups;
using Godwit.Storage.Volumes;
using Godwit.Storage.Volumes.Stores;

namespace Godwit.Daemon.Volumes;

/// <summary>
/// Volumes of groups that lie on exported volumes of this host. A host that shares the group changes its metadata; this one has the bytes
/// at hand, and tells the registry.
/// </summary>
internal sealed class SharedVolumes(VolumeService volumes, IGroupMembers members, IRegistry registry)
{
    public bool Has(string group) => volumes.FindDevice(group) is not null;

    public bool Has(VolumeName name) => volumes.ListShared().Any(volume => volume.Name == name);

    public async Task<FoundGroup> AddAsync(string group, VolumeName device, CancellationToken cancellationToken)
    {
        VolumeGroups.CheckName(group);
        var known = await registry.ListVolumesAsync(cancellationToken);
        if (known.FirstOrDefault(volume => (volume.Name.Group == group && volume.LiesOn != device) || (volume.SharedGroup == group && volume.Name != device)) is { } other)
            throw new GodwitException(StorageErrors.GroupExists, $"The pool has a group {group} already, on {other.StorageHost}.", "Choose another name.");
        if ((await registry.ListAsync(cancellationToken)).FirstOrDefault(domain => domain.Spec.Disks.Any(disk => disk.FindVolume() == device)) is { } domain)
            throw new GodwitException(StorageErrors.VolumeInUse, $"{device} is a disk of {domain.Name}.", $"Destroy what uses it: `godwit destroy {domain.Name}`.");
        var isNew = volumes.Find(device).Shared is null;
        var location = volumes.BeginSharing(device, group);
        try
        {
            await members.CarryOutAsync(new GroupOrder(group, location, GroupOrderKind.Make), cancellationToken);
        }
        catch when (isNew)
        {
            volumes.ForgetSharing(device);
            throw;
        }
        // What lies in a group that was made elsewhere is nobody's leftover.
        if (isNew)
        {
            foreach (var volume in volumes.Find(device).Shared!.Volumes)
                volumes.Adopt(new VolumeName(group, volume.Name));
        }
        await PublishAsync(device, cancellationToken);
        return Found(volumes.Find(device));
    }

    public async Task RemoveAsync(string group, CancellationToken cancellationToken)
    {
        var device = volumes.FindDevice(group)!;
        await CleanAsync(group, cancellationToken);
        volumes.RefuseHolding(device.Name);
        await members.CarryOutAsync(Order(group, GroupOrderKind.Dissolve), cancellationToken);
        volumes.EndSharing(device.Name);
        await PublishAsync(device.Name, cancellationToken);
    }

    public ImmutableArray<FoundGroup> List() => [.. volumes.List().Where(volume => volume.SharedGroup is not null).Select(volume => Found(volumes.Find(volume.Name)))];

    /// <summary>Makes a volume, empty or with what another one of this host holds. On failure nothing of it is left.</summary>
    public async Task<VolumeRecord> CreateAsync(
        VolumeName name, long sizeBytes, VolumeName? source, IProgress<WorkProgress> progress, CancellationToken cancellationToken)
    {
        await CleanAsync(name.Group, cancellationToken);
        using var alone = volumes.Changing(name);
        if (Has(name))
            throw VolumeCatalog.Taken(name);
        try
        {
            await members.CarryOutAsync(Order(name.Group, GroupOrderKind.Create) with { Volume = name.Volume, SizeBytes = sizeBytes }, cancellationToken);
            await volumes.CompleteAsync(name, source, progress, cancellationToken);
        }
        catch (Exception e) when (e is not GodwitException { Code: StorageErrors.VolumeExists })
        {
            if (volumes.FindDevice(name.Group)?.Shared?.Volumes.Any(volume => volume.Name == name.Volume) == true)
                await members.CarryOutAsync(Order(name.Group, GroupOrderKind.Remove) with { Volume = name.Volume }, CancellationToken.None);
            throw;
        }
        return await PublishAsync(name, cancellationToken);
    }

    /// <summary>Gives a volume that nobody uses another size. Repeating it goes on with what was cut short.</summary>
    public async Task<VolumeRecord> ResizeAsync(
        VolumeName name, long sizeBytes, bool shrink, IProgress<WorkProgress> progress, CancellationToken cancellationToken)
    {
        using var alone = volumes.Changing(name);
        var (_, volume) = volumes.FindShared(name);
        VolumeService.RefuseShrinking(name, volume.SizeBytes, sizeBytes, shrink);
        RefuseUsed(name);
        if (sizeBytes != volume.SizeBytes)
            await members.CarryOutAsync(Order(name.Group, GroupOrderKind.Resize) with { Volume = name.Volume, SizeBytes = sizeBytes }, cancellationToken);
        await volumes.CompleteAsync(name, null, progress, cancellationToken);
        return await PublishAsync(name, cancellationToken);
    }

    /// <summary>Removes a volume that no domain has. Repeating it goes on with what was cut short.</summary>
    public async Task DeleteAsync(VolumeName name, string host, CancellationToken cancellationToken)
    {
        using var alone = volumes.Changing(name);
        RefuseUsed(name);
        await members.CarryOutAsync(Order(name.Group, GroupOrderKind.Remove) with { Volume = name.Volume }, cancellationToken);
        await registry.RemoveVolumeAsync(name, host, cancellationToken);
    }

    // Its export refuses it too; it knows sessions only.
    private void RefuseUsed(VolumeName name)
    {
        if (volumes.WritersOf(name) is [var user, ..])
        {
            throw new GodwitException(StorageErrors.VolumeInUse, $"{name} is in use by {user}, and lies in a group that hosts share.",
                "Shut down the domain that uses it: `godwit list` shows where it runs.");
        }
    }

    /// <summary>Removes what a daemon left that died while it made a volume.</summary>
    private async Task CleanAsync(string group, CancellationToken cancellationToken)
    {
        foreach (var volume in volumes.UnfinishedOf(group))
            await members.CarryOutAsync(Order(group, GroupOrderKind.Remove) with { Volume = volume }, cancellationToken);
    }

    private GroupOrder Order(string group, GroupOrderKind kind) => new(group, volumes.LocateDevice(group), kind);

    private async Task<VolumeRecord> PublishAsync(VolumeName name, CancellationToken cancellationToken)
    {
        var record = LocalVolumes.Record(volumes.List().Concat(volumes.ListShared()).First(volume => volume.Name == name));
        await registry.PutVolumeAsync(record, cancellationToken);
        foreach (var shared in volumes.ListShared().Where(volume => volume.LiesOn == name))
            await registry.PutVolumeAsync(LocalVolumes.Record(shared), cancellationToken);
        return record;
    }

    private static FoundGroup Found(CatalogEntry device) => new(
        GroupDefinition.OfShared(device.Shared!.Group, device.Name), false,
        new GroupReport(device.SizeBytes, Math.Max(0, device.SizeBytes - device.Shared.Volumes.Sum(volume => volume.SizeBytes)), $"on {device.Name}, shared by the hosts"), null);
}
