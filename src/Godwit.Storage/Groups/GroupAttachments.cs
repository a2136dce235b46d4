using System.Collections.Immutable;
using Godwit.Aoe.Control;
using Godwit.Domains;
using Godwit.Storage.Attachments;
using Microsoft.Extensions.Logging;

namespace Godwit.Storage.Groups;

/// <summary>
/// Volumes of shared groups: each is active on this host from its attachment to its detachment, on the device that all of them share.
/// <para>
/// The writer's role is that of the volume's sectors. A copy that was superseded ends at its next request, as with a whole volume of the
/// kernel's driver (<see cref="KernelAttachments"/>): the target refuses these sectors to this host, their reading too, until the volume is
/// attached here again. The others go on.
/// </para>
/// </summary>
internal sealed class GroupAttachments(SharedGroups groups, GroupRecords records, ILogger log) : IAttachmentWay
{
    public async Task<AttachedDisk> AttachAsync(string domain, DiskSpec spec, DiskIdentity disk, CancellationToken cancellationToken)
    {
        await groups.RequireDriverAsync(disk.StorageHost!, cancellationToken).ConfigureAwait(false);
        var stay = groups.Open(disk);
        var name = VolumeName.Parse(disk.Name);
        return await stay.DuringAsync(async session =>
        {
            var attached = new AttachedDisk
            {
                Domain = domain,
                Disk = disk,
                ReadOnly = spec.ReadOnly,
                Path = stay.Group.PathOf(name.Volume),
                KernelDevice = true,
                Session = session,
                Format = spec.Format,
            };
            if (records.Find(attached) is not null)
                throw AlreadyAttached(attached);
            records.Save(new ActiveVolume(attached, []));
            try
            {
                var found = stay.Group.Find(await stay.Group.LayoutAsync(session, cancellationToken).ConfigureAwait(false), name.Volume);
                // A stay begins: whatever this host was in it before.
                await stay.Group.Endpoints.ReturnAsync(session, found.Sectors, cancellationToken).ConfigureAwait(false);
                await stay.Group.ActivateAsync(name.Volume, cancellationToken).ConfigureAwait(false);
                stay.Group.DropCache(name.Volume);
                records.Save(new ActiveVolume(attached, found.Sectors));
                groups.Give(attached);
                Log.AttachedByKernel(log, domain, disk.Name, attached.Path, session);
                return attached;
            }
            catch
            {
                await EndAsync(stay.Group, session, new ActiveVolume(attached, []), CancellationToken.None).ConfigureAwait(false);
                throw;
            }
        }, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>It had answered before its engine got its path.</summary>
    public Task ReadyAsync(AttachedDisk disk, CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task<long> FenceAsync(AttachedDisk disk, long epoch, CancellationToken cancellationToken)
    {
        // Who never writes takes no writer's role.
        if (disk.ReadOnly)
            return 0;
        var group = groups.Open(disk.Disk).Group;
        var volume = Volume(disk);
        long before;
        try
        {
            before = await group.Endpoints.FenceAsync(epoch, Session(group, disk), Sectors(disk), free: false, cancellationToken).ConfigureAwait(false);
        }
        catch (GodwitException e) when (e.Code == FenceRefusal.RangeConflict)
        {
            // It was resized since it was activated.
            var session = Session(group, disk);
            var found = group.Find(await group.LayoutAsync(session, cancellationToken).ConfigureAwait(false), volume);
            before = await group.Endpoints.FenceAsync(epoch, session, found.Sectors, free: false, cancellationToken).ConfigureAwait(false);
            await group.RefreshAsync(volume, cancellationToken).ConfigureAwait(false);
            records.Save(new ActiveVolume(disk, found.Sectors));
        }
        group.DropCache(volume);
        return before;
    }

    /// <summary>The session stays, for it is that of other domains too: its stay at these sectors begins anew.</summary>
    public async Task<AttachedDisk> ReadmitAsync(AttachedDisk disk, CancellationToken cancellationToken)
    {
        var stay = groups.Open(disk.Disk);
        try
        {
            await stay.Group.Endpoints.ReturnAsync(Session(stay.Group, disk), Sectors(disk), cancellationToken).ConfigureAwait(false);
            return disk;
        }
        catch (GodwitException e) when (e.Code == FenceRefusal.NotAdmitted)
        {
            var readmitted = disk with { Session = await stay.RenewAsync(cancellationToken).ConfigureAwait(false) };
            records.Save(new ActiveVolume(readmitted, Sectors(disk)));
            return readmitted;
        }
    }

    public async Task ProbeAsync(AttachedDisk disk, CancellationToken cancellationToken)
    {
        var group = groups.Open(disk.Disk).Group;
        await group.Endpoints.ProbeAsync(cancellationToken).ConfigureAwait(false);
        if (!await group.ReviveAsync(cancellationToken).ConfigureAwait(false))
        {
            throw new GodwitException(
                StorageErrors.Unreachable, $"{disk.Disk.StorageHost} serves {disk.Disk.LiesOn!.Name}, and {disk.Path} does not reach it.",
                "See that this host's storage network is up.");
        }
    }

    /// <summary>What the target has answered it has on stable storage, and what the engine believes written it has answered.</summary>
    public Task FlushAsync(AttachedDisk disk, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Volumes of shared groups are grown while nobody uses them (<see cref="GroupVolumes.ResizeAsync"/>).</summary>
    public Task<AttachedDisk> GrowAsync(AttachedDisk disk, long sizeBytes, CancellationToken cancellationToken) => throw new GodwitException(
        StorageErrors.VolumeInUse, $"{disk.Disk.Name} is in use by {disk.Domain}, and lies in a shared group.", $"Shut down {disk.Domain} first.");

    public async Task DetachAsync(AttachedDisk disk, CancellationToken cancellationToken)
    {
        if (records.Find(disk) is not { } active)
            return;
        var stay = groups.Open(disk.Disk);
        await stay.EndingAsync(session => EndAsync(stay.Group, session, active, cancellationToken), cancellationToken).ConfigureAwait(false);
    }

    public ImmutableArray<AttachedDisk> Find() => [.. records.List().Select(volume => volume.Disk)];

    private async Task EndAsync(SharedGroup group, int session, ActiveVolume active, CancellationToken cancellationToken)
    {
        // Another domain of this host may read it.
        if (records.List().All(other => other.Disk.Disk.Name != active.Disk.Disk.Name || other.Disk.Domain == active.Disk.Domain))
            await group.DeactivateAsync(Volume(active.Disk), cancellationToken).ConfigureAwait(false);
        records.Remove(active.Disk);
        // What cannot be given up is left: the next writer takes it.
        if (active.Disk.ReadOnly || active.Sectors.IsEmpty)
            return;
        try
        {
            await group.Endpoints.ReleaseAsync(session, active.Sectors, cancellationToken).ConfigureAwait(false);
        }
        catch (GodwitException e)
        {
            Log.NotReleased(log, active.Disk.Domain, active.Disk.Disk.Name, e);
        }
    }

    private int Session(SharedGroup group, AttachedDisk disk) => records.SessionAt(group.Address) ?? disk.Session;

    private ImmutableArray<SectorRange> Sectors(AttachedDisk disk) => records.Find(disk)?.Sectors ?? throw new GodwitException(
        StorageErrors.AttachFailed, $"{disk.Disk.Name} is not attached for {disk.Domain} on this host.", null);

    private static string Volume(AttachedDisk disk) => VolumeName.Parse(disk.Disk.Name).Volume;

    private static GodwitException AlreadyAttached(AttachedDisk disk) => new(
        StorageErrors.AlreadyAttached, $"{disk.Disk.Name} is attached for {disk.Domain} on this host already.", "Wait for the other move of the domain to end.");
}
