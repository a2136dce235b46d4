using System.Collections.Concurrent;
using Godwit.Domains;
using Godwit.Storage.Attachments;
using Godwit.Storage.Volumes;
using Godwit.Storage.Volumes.Stores.Lvm;

namespace Godwit.Storage.Groups;

/// <summary>
/// The shared groups as one of their hosts has them: volume groups of LVM2 that lie on exported volumes. A host changes their metadata when
/// the storage host asks it to, and has a volume active for as long as it is attached to a domain.
/// </summary>
public sealed class SharedGroups
{
    private readonly ConcurrentDictionary<string, GroupStay> _stays = new();
    private readonly IVolumeEndpoints _endpoints;
    private readonly DiskPlaces _places;
    private readonly IKernelDriver _driver;
    private readonly LvmTool _lvm;
    private readonly Func<CancellationToken, Task<long>> _drawEpoch;
    private readonly TimeProvider _time;

    /// <param name="endpoints">The storage hosts.</param>
    /// <param name="places">Where and how this host attaches disks.</param>
    /// <param name="driver">The kernel's driver; no other can be under LVM.</param>
    /// <param name="lvm">LVM's commands on this host.</param>
    /// <param name="drawEpoch">Draws an epoch from the pool's counter.</param>
    /// <param name="time">Clock of the waits.</param>
    internal SharedGroups(
        IVolumeEndpoints endpoints, DiskPlaces places, IKernelDriver driver, LvmTool lvm, Func<CancellationToken, Task<long>> drawEpoch, TimeProvider time)
    {
        (_endpoints, _places, _driver, _lvm, _drawEpoch, _time) = (endpoints, places, driver, lvm, drawEpoch, time);
        Records = new GroupRecords(Path.Combine(places.RunDirectory, "groups"));
    }

    internal GroupRecords Records { get; }

    /// <summary>How long another holder of a group's lock is waited for: long after the longest of LVM's commands.</summary>
    internal TimeSpan LockPatience { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Carries out what the storage host of a shared group has a host do.</summary>
    /// <exception cref="GodwitException">
    /// <see cref="StorageErrors.NoKernelDriver"/>: this host cannot; another may. All others: it was refused or failed, and nothing of it is left.
    /// </exception>
    public async Task CarryOutAsync(GroupOrder order, CancellationToken cancellationToken)
    {
        await RequireDriverAsync(order.Device.StorageHost, cancellationToken).ConfigureAwait(false);
        var stay = Open(order.Group, order.Device);
        var volumes = new GroupVolumes(stay.Group, new GroupLock(stay.Group, _drawEpoch, LockPatience, _time));
        await stay.ChangingAsync(session => order.Kind switch
        {
            GroupOrderKind.Make => volumes.MakeAsync(session, cancellationToken),
            GroupOrderKind.Create => volumes.CreateAsync(session, order.Volume!, order.SizeBytes, cancellationToken),
            GroupOrderKind.Resize => volumes.ResizeAsync(session, order.Volume!, order.SizeBytes, cancellationToken),
            GroupOrderKind.Remove => volumes.RemoveAsync(session, order.Volume!, cancellationToken),
            GroupOrderKind.Dissolve => volumes.DissolveAsync(session, cancellationToken),
            _ => throw new GodwitException("bad-request", $"There is no such order for a group: {order.Kind}."),
        }, cancellationToken).ConfigureAwait(false);
    }

    /// <exception cref="GodwitException"><see cref="StorageErrors.NoKernelDriver"/></exception>
    internal async Task RequireDriverAsync(string storageHost, CancellationToken cancellationToken)
    {
        if (_places.Local?.Host == storageHost)
        {
            throw new GodwitException(StorageErrors.NoKernelDriver, "The kernel's driver does not reach what its own host exports, so that LVM cannot lie on it here.",
                "Run such domains on other hosts, or keep their volumes in a group of the storage host.");
        }
        if (!await _driver.IsThereAsync(cancellationToken).ConfigureAwait(false))
        {
            throw new GodwitException(StorageErrors.NoKernelDriver, "LVM on an exported disk needs the kernel's driver aoe, which is not there on this host.",
                "modprobe aoe; `godwit host check` says more.");
        }
    }

    internal GroupStay Open(DiskIdentity volume) => Open(VolumeName.Parse(volume.Name).Group, new VolumeLocation(
        VolumeName.Parse(volume.LiesOn!.Name), volume.LiesOn.SizeBytes, volume.StorageHost!, volume.Shelf, volume.Slot));

    internal void Give(AttachedDisk disk) => KernelAttachments.Give(_places, disk);

    private GroupStay Open(string group, VolumeLocation device) => _stays.GetOrAdd($"{group} on {device.Name} at {VolumeSessions.AddressOf(device)}", _ =>
        new GroupStay(new SharedGroup(group, device, _endpoints.OfGroup(device), _places.Macs, _driver, _lvm, _time), Records));
}

/// <summary>What a storage host has one of the hosts of a shared group do.</summary>
/// <param name="Group">The group.</param>
/// <param name="Device">The exported volume that it lies on.</param>
/// <param name="Kind">What.</param>
/// <param name="Volume">Which of its volumes, where it is about one.</param>
/// <param name="SizeBytes">The size that it is to have.</param>
public sealed record GroupOrder(string Group, VolumeLocation Device, GroupOrderKind Kind, string? Volume = null, long SizeBytes = 0);

public enum GroupOrderKind
{
    /// <summary>The group on its device, or what is there of it.</summary>
    Make = 1,

    Create,
    Resize,
    Remove,

    /// <summary>The device is to be a disk as any other again.</summary>
    Dissolve,
}
