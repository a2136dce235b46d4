using System.Collections.Immutable;
using Godwit.Domains;
using Godwit.Native;
using Godwit.Native.Files;
using Microsoft.Extensions.Logging;

namespace Godwit.Storage.Attachments;

/// <summary>
/// Volumes of the pool by the kernel's driver: a block device, which an engine opens past the page cache. No process of
/// ours has a part in it, so that nothing is to be kept running, and nothing of ours costs time on the way of a request.
/// <para>
/// What is different from <see cref="ProcessAttachments"/>: frames carry no session, so that the host is admitted by its
/// Ethernet addresses alone. The target has a write on stable storage before it answers, for the driver never flushes. A
/// copy that was superseded ends at its next request, which is refused at once (ATA error, EIO, <c>werror=stop</c>); but no
/// process asks the target in between, so that one which asks nothing of its disk is found by the daemon, which looks at the
/// domain's record every ten seconds (<see cref="AttachedDisk.KernelDevice"/>), and not while no daemon runs or the registry
/// is away. A target that is away for longer than the driver's <c>aoe_deadsecs</c> (180 s) fails every request until the
/// device is asked for again, which <see cref="ProbeAsync"/> does.
/// </para>
/// </summary>
internal sealed class KernelAttachments(VolumeSessions sessions, IKernelDriver driver, DiskPlaces places, ILogger log) : IAttachmentWay
{
    private readonly KernelRecords _records = new(Path.Combine(places.RunDirectory, "kernel"));

    /// <inheritdoc cref="IKernelDriver.IsThereAsync"/>
    public Task<bool> IsThereAsync(CancellationToken cancellationToken) => driver.IsThereAsync(cancellationToken);

    public async Task<AttachedDisk> AttachAsync(string domain, DiskSpec spec, DiskIdentity disk, CancellationToken cancellationToken)
    {
        var address = VolumeSessions.AddressOf(disk);
        var attached = new AttachedDisk
        {
            Domain = domain,
            Disk = disk,
            ReadOnly = spec.ReadOnly,
            Path = driver.DeviceOf(address),
            KernelDevice = true,
            Format = spec.Format,
        };
        if (_records.Find(attached) is not null)
        {
            throw new GodwitException(
                StorageErrors.AlreadyAttached, $"{disk.Name} is attached for {domain} on this host already.", "Wait for the other move of the domain to end.");
        }
        // Admitted before the driver looks for it: what the kernel reads of a new device would be refused.
        attached = attached with { Session = await sessions.AdmitAsync(disk, sessionless: true, cancellationToken) };
        try
        {
            _records.Save(attached);
            await driver.FindAsync(disk.Name, address, disk.SizeBytes, cancellationToken);
            driver.DropCache(disk.Name, attached.Path);
            Give(places, attached);
            Log.AttachedByKernel(log, domain, disk.Name, attached.Path, attached.Session);
            return attached;
        }
        catch
        {
            await DetachAsync(attached, CancellationToken.None);
            throw;
        }
    }

    /// <summary>It had answered before its engine got its path.</summary>
    public Task ReadyAsync(AttachedDisk disk, CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task<long> FenceAsync(AttachedDisk disk, long epoch, CancellationToken cancellationToken)
    {
        var before = await sessions.FenceAsync(disk, epoch, cancellationToken);
        // What the kernel read of it while another host wrote: the engine does not look at it, but other programs of the host would.
        driver.DropCache(disk.Disk.Name, disk.Path);
        return before;
    }

    public async Task<AttachedDisk> ReadmitAsync(AttachedDisk disk, CancellationToken cancellationToken)
    {
        var readmitted = disk with { Session = await sessions.AdmitAsync(disk.Disk, sessionless: true, cancellationToken) };
        if (_records.Find(disk) is not null)
            _records.Save(readmitted);
        return readmitted;
    }

    public async Task ProbeAsync(AttachedDisk disk, CancellationToken cancellationToken)
    {
        await sessions.ProbeAsync(disk.Disk, cancellationToken);
        if (!await driver.ReviveAsync(VolumeSessions.AddressOf(disk.Disk), cancellationToken))
        {
            throw new GodwitException(
                StorageErrors.Unreachable, $"{disk.Disk.StorageHost} serves {disk.Disk.Name}, and {disk.Path} does not reach it.",
                $"See that this host's storage network is up, on {string.Join(" and ", places.Interfaces)}.");
        }
    }

    /// <summary>What the target has answered it has on stable storage, and what the engine believes written it has answered.</summary>
    public Task FlushAsync(AttachedDisk disk, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>The driver asks the target for its size anew; an engine learns it of the device.</summary>
    public async Task<AttachedDisk> GrowAsync(AttachedDisk disk, long sizeBytes, CancellationToken cancellationToken)
    {
        await driver.FindAsync(disk.Disk.Name, VolumeSessions.AddressOf(disk.Disk), sizeBytes, cancellationToken);
        var grown = disk.Disk with { SizeBytes = sizeBytes };
        if (_records.Find(disk) is { } record)
            _records.Save(record with { Disk = grown });
        return disk with { Disk = grown };
    }

    public async Task DetachAsync(AttachedDisk disk, CancellationToken cancellationToken)
    {
        if (_records.Find(disk) is { } record)
        {
            _records.Remove(disk);
            // The caller may know it from before it was admitted anew.
            disk = record;
        }
        // Another domain may read the same volume.
        if (_records.List().All(other => other.Path != disk.Path))
            driver.Forget(VolumeSessions.AddressOf(disk.Disk));
        await sessions.ReleaseAsync(disk, cancellationToken);
    }

    public ImmutableArray<AttachedDisk> Find() => [.. _records.List()];

    /// <summary>Lets the user of engines open a device.</summary>
    internal static void Give(DiskPlaces places, AttachedDisk disk)
    {
        try
        {
            if (places.Owner is { } user && Ownership.Find(user) is { } owner)
                Ownership.Give(disk.Path, owner);
        }
        catch (NativeException e)
        {
            throw new GodwitException(StorageErrors.AttachFailed, $"{disk.Disk.Name} could not be attached: {e.Message}", null, e);
        }
    }
}
