using System.Collections.Immutable;
using Godwit.Aoe.Control;
using Godwit.Domains;

namespace Godwit.Storage.Groups;

/// <summary>A volume of a shared group that is active on this host for a domain.</summary>
/// <param name="Volume">Its name, without the group.</param>
/// <param name="Session">This host's session at the group.</param>
/// <param name="Sectors">Where it lay when it was activated.</param>
internal sealed record ActiveVolume(string Volume, int Session, ImmutableArray<SectorRange> Sectors);

/// <summary>
/// Activation of a shared group's volumes on this host, and the writer's role in them. A superseded copy ends at its next request, as
/// with a whole volume of the kernel's driver (<see cref="Attachments.KernelAttachments"/>): the target refuses its range to this host, its
/// reads too, until the volume is activated here again.
/// </summary>
internal sealed class GroupActivation(SharedGroup group)
{
    /// <summary>Activates it; this host reads it then. On failure it is as before.</summary>
    public async Task<ActiveVolume> ActivateAsync(int session, string volume, CancellationToken cancellationToken)
    {
        var found = group.Find(await group.LayoutAsync(session, cancellationToken).ConfigureAwait(false), volume);
        // A stay begins: whatever this host was in it before.
        await group.Endpoints.ReturnAsync(session, found.Sectors, cancellationToken).ConfigureAwait(false);
        await group.ActivateAsync(volume, cancellationToken).ConfigureAwait(false);
        group.DropCache(volume);
        return new ActiveVolume(volume, session, found.Sectors);
    }

    /// <summary>Makes this host the writer of all of it.</summary>
    /// <returns>It, as it lies now, and the epoch that held the role before.</returns>
    public async Task<(ActiveVolume Volume, long Before)> FenceAsync(ActiveVolume active, long epoch, CancellationToken cancellationToken)
    {
        long before;
        try
        {
            before = await group.Endpoints.FenceAsync(epoch, active.Session, active.Sectors, free: false, cancellationToken).ConfigureAwait(false);
        }
        catch (GodwitException e) when (e.Code == FenceRefusal.RangeConflict)
        {
            // It was extended since it was activated.
            active = active with { Sectors = group.Find(await group.LayoutAsync(active.Session, cancellationToken).ConfigureAwait(false), active.Volume).Sectors };
            before = await group.Endpoints.FenceAsync(epoch, active.Session, active.Sectors, free: false, cancellationToken).ConfigureAwait(false);
            await group.RunAsync(["lvchange", "--refresh", $"{group.Name}/{active.Volume}"], cancellationToken).ConfigureAwait(false);
        }
        group.DropCache(active.Volume);
        return (active, before);
    }

    /// <summary>Deactivates it, and gives up the role.</summary>
    public async Task DeactivateAsync(ActiveVolume active, CancellationToken cancellationToken)
    {
        await group.DeactivateAsync(active.Volume, cancellationToken).ConfigureAwait(false);
        await group.Endpoints.ReleaseAsync(active.Session, active.Sectors, cancellationToken).ConfigureAwait(false);
    }
}
