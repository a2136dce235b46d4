using System.Collections.Immutable;
using Godwit.Aoe.Control;
using Godwit.Domains;
using Godwit.Storage.Attachments;
using Godwit.Storage.Volumes;
using Godwit.Storage.Volumes.Stores.Lvm;

namespace Godwit.Storage.Groups;

/// <summary>
/// A volume group of LVM2 that lies on an exported volume, as one of its hosts uses it: through a block device of the kernel's driver,
/// which all of its volumes on this host share, with one session.
/// <code>
///   sectors of the export   ┌───────────────┬────────────┬────────────┬───────────────────────┐
///                           │ label, metadata│ lv_vm1     │ lv_vm2     │ free                  │
///   their writer            │ lock holder   │ host of vm1│ host of vm2│ lock holder           │
///                           └───────────────┴────────────┴────────────┴───────────────────────┘
/// </code>
/// A volume is active (<c>lvchange -ay</c>) on the host that runs its domain, and on the destination of a move from its preparation on;
/// never elsewhere. Reading the metadata needs no lock: LVM notices by their check sum that they changed meanwhile, and is asked again.
/// </summary>
/// <param name="name">The volume group.</param>
/// <param name="device">The exported volume that it lies on.</param>
/// <param name="endpoints">Its storage host.</param>
/// <param name="macs">Ethernet addresses of this host on the storage network.</param>
/// <param name="driver">The kernel's driver.</param>
/// <param name="lvm">Runs LVM's commands on this host.</param>
/// <param name="time">Clock of the pauses.</param>
internal sealed class SharedGroup(
    string name, VolumeLocation device, IGroupEndpoints endpoints, ImmutableArray<MacAddress> macs, IKernelDriver driver, LvmTool lvm, TimeProvider time)
{
    /// <summary>
    /// The label and the metadata, and all that is in no volume: what lies before the first extent, which is where LVM puts it by itself.
    /// </summary>
    public static readonly SectorRange Metadata = new(0, 2048, Rest: true);

    private const int ReadAgain = 3;
    private static readonly TimeSpan ReadAgainAfter = TimeSpan.FromMilliseconds(50);

    public string Name => name;

    public IGroupEndpoints Endpoints => endpoints;

    public string Address => VolumeSessions.AddressOf(device);

    public VolumeLocation Device => device;

    private string DevicePath => driver.DeviceOf(Address);

    /// <summary>Makes this host a reader of the device. Returns its session, which replaces one that it had.</summary>
    public Task<int> AdmitAsync(CancellationToken cancellationToken) => endpoints.AdmitAsync(macs, cancellationToken);

    /// <summary>Has the device there, for a host that is admitted.</summary>
    /// <exception cref="GodwitException">The driver is not there, or does not reach it.</exception>
    public async Task FindDeviceAsync(CancellationToken cancellationToken)
    {
        await driver.FindAsync(device.Name.ToString(), Address, device.SizeBytes, cancellationToken).ConfigureAwait(false);
        driver.DropCache(device.Name.ToString(), DevicePath);
    }

    /// <inheritdoc cref="IKernelDriver.ReviveAsync"/>
    public Task<bool> ReviveAsync(CancellationToken cancellationToken) => driver.ReviveAsync(Address, cancellationToken);

    /// <summary>Takes the device away. No volume of the group is active on this host then.</summary>
    public void ForgetDevice() => driver.Forget(Address);

    /// <summary>Makes the group on its device, unless it is there. What else lies on the device is not overwritten.</summary>
    public async Task MakeAsync(CancellationToken cancellationToken)
    {
        var there = await lvm.TryRunAsync(["vgs", "--devices", DevicePath, name], cancellationToken).ConfigureAwait(false);
        if (there.Succeeded)
            return;
        await RunAsync(["pvcreate", "--dataalignment", "1m", DevicePath], cancellationToken).ConfigureAwait(false);
        // No host activates its volumes by itself when it starts.
        await RunAsync(["vgcreate", "--setautoactivation", "n", name, DevicePath], cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Where its volumes lie now.</summary>
    public async Task<ImmutableArray<GroupVolume>> LayoutAsync(int session, CancellationToken cancellationToken)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                return GroupReports.Volumes(
                    name, DevicePath,
                    await ReportAsync(["pvs", "-o", GroupReports.DeviceFields, DevicePath], cancellationToken).ConfigureAwait(false),
                    await ReportAsync(["lvs", "--segments", "-o", GroupReports.SegmentFields, name], cancellationToken).ConfigureAwait(false));
            }
            catch (GodwitException e) when (e.Code is StorageErrors.LvmFailed or StorageErrors.NoSuchGroup && tries < ReadAgain)
            {
                // Another host was changing them; or it has taken the lock from this one, which reads them all the same.
                await endpoints.ReturnAsync(session, [Metadata], cancellationToken).ConfigureAwait(false);
                await Task.Delay(ReadAgainAfter, time, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <exception cref="GodwitException">There is no such volume; the remedy names the nearest.</exception>
    public GroupVolume Find(ImmutableArray<GroupVolume> layout, string volume) => layout.FirstOrDefault(found => found.Name == volume)
        ?? throw VolumeService.NoSuch(
            $"The volume group {name} has no volume {volume}.", new VolumeName(name, volume), layout.Select(found => new VolumeName(name, found.Name)));

    public string PathOf(string volume) => $"/dev/{name}/{volume}";

    public Task ActivateAsync(string volume, CancellationToken cancellationToken) =>
        RunAsync(["lvchange", "--activate", "y", "--ignoreactivationskip", $"{name}/{volume}"], cancellationToken);

    /// <summary>An active volume takes the size that its metadata say.</summary>
    public Task RefreshAsync(string volume, CancellationToken cancellationToken) =>
        RunAsync(["lvchange", "--refresh", $"{name}/{volume}"], cancellationToken);

    /// <summary>Deactivates a volume, also where LVM cannot read that it is there: the storage host may be away.</summary>
    public async Task DeactivateAsync(string volume, CancellationToken cancellationToken)
    {
        try
        {
            await RunAsync(["lvchange", "--activate", "n", $"{name}/{volume}"], cancellationToken).ConfigureAwait(false);
        }
        catch (GodwitException)
        {
            var removed = await lvm.TryRunAsync(["dmsetup", "remove", "--retry", MappingOf(volume)], cancellationToken).ConfigureAwait(false);
            // Where it is not there it is not active.
            if (!removed.Succeeded && (await lvm.TryRunAsync(["dmsetup", "info", MappingOf(volume)], cancellationToken).ConfigureAwait(false)).Succeeded)
                throw;
        }
    }

    // lvm(8): a hyphen is doubled in the names of mappings.
    private string MappingOf(string volume) => $"{Doubled(name)}-{Doubled(volume)}";

    private static string Doubled(string part) => part.Replace("-", "--", StringComparison.Ordinal);

    public void DropCache(string volume) => driver.DropCache($"{name}/{volume}", PathOf(volume));

    /// <summary>Runs a command on this group's device alone: no other of the host's is looked at, whatever its filter says.</summary>
    public Task<string> RunAsync(IReadOnlyList<string> command, CancellationToken cancellationToken) =>
        lvm.RunAsync([command[0], "--devices", DevicePath, .. command.Skip(1)], cancellationToken);

    /// <summary>Runs a command for a report, in bytes without their unit.</summary>
    private Task<string> ReportAsync(IReadOnlyList<string> command, CancellationToken cancellationToken) =>
        RunAsync([command[0], "--reportformat", "json", "--units", "b", "--nosuffix", .. command.Skip(1)], cancellationToken);
}
