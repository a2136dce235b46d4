using System.Globalization;
using Godwit.Domains;
using Godwit.Storage.Volumes;

namespace Godwit.Storage.Groups;

/// <summary>
/// Changes of a shared group's metadata, each under its lock, and one at a time on a host, which has the lock as a whole; the storage host is told of it before the lock is given up. No volume is
/// active anywhere for that: what is in the extents is the storage host's business (<see cref="VolumeService"/>).
/// </summary>
internal sealed class GroupVolumes(SharedGroup group, GroupLock @lock)
{
    /// <summary>Makes the group on its device, which is empty, or takes it as it is there.</summary>
    public Task MakeAsync(int session, CancellationToken cancellationToken) =>
        ChangeAsync(session, () => group.MakeAsync(cancellationToken), cancellationToken);

    /// <summary>Makes a volume, which is active nowhere then.</summary>
    /// <param name="session">This host's session at the group.</param>
    /// <param name="volume">Its name.</param>
    /// <param name="sizeBytes">Its size, made up to whole extents.</param>
    /// <param name="cancellationToken">Ends the wait for the lock.</param>
    public Task CreateAsync(int session, string volume, long sizeBytes, CancellationToken cancellationToken) => ChangeAsync(session,
        () => group.RunAsync(
            ["lvcreate", "--yes", "--activate", "n", "--zero", "n", "--wipesignatures", "n", "--setautoactivation", "n", "--size", Bytes(sizeBytes),
                "--name", volume, group.Name], cancellationToken), cancellationToken);

    /// <summary>Gives a volume that nobody writes to another size, made up to whole extents.</summary>
    /// <exception cref="GodwitException">A host writes to it, or there is no room.</exception>
    public Task ResizeAsync(int session, string volume, long sizeBytes, CancellationToken cancellationToken) => ChangeAsync(session, async () =>
    {
        await UnfenceAsync(session, volume, cancellationToken).ConfigureAwait(false);
        await group.RunAsync(["lvresize", "--yes", "--force", "--size", Bytes(sizeBytes), $"{group.Name}/{volume}"], cancellationToken).ConfigureAwait(false);
    }, cancellationToken);

    /// <exception cref="GodwitException">A host writes to it.</exception>
    public Task RemoveAsync(int session, string volume, CancellationToken cancellationToken) => ChangeAsync(session, async () =>
    {
        // A removal that was cut short can be asked for again.
        if ((await group.LayoutAsync(session, cancellationToken).ConfigureAwait(false)).All(known => known.Name != volume))
            return;
        await UnfenceAsync(session, volume, cancellationToken).ConfigureAwait(false);
        await group.RunAsync(["lvremove", "--yes", $"{group.Name}/{volume}"], cancellationToken).ConfigureAwait(false);
    }, cancellationToken);

    /// <summary>The exported volume, of which no volume of the group has a part any more, is fenced as a whole again. What LVM has there stays.</summary>
    public Task DissolveAsync(int session, CancellationToken cancellationToken) => @lock.HoldAsync(
        session, () => group.Endpoints.ForgetAsync(session, [SharedGroup.Metadata], cancellationToken), cancellationToken);

    private Task ChangeAsync(int session, Func<Task> change, CancellationToken cancellationToken) => @lock.HoldAsync(session, async () =>
    {
        try
        {
            await change().ConfigureAwait(false);
        }
        catch
        {
            await TrySettleAsync(session).ConfigureAwait(false);
            throw;
        }
        await SettleAsync(session).ConfigureAwait(false);
    }, cancellationToken);

    /// <summary>Tells how it is now: a change that was refused may have been carried out in part.</summary>
    private async Task TrySettleAsync(int session)
    {
        try
        {
            await SettleAsync(session).ConfigureAwait(false);
        }
        catch (GodwitException)
        {
            // The next change tells of it.
        }
    }

    private async Task SettleAsync(int session) => await group.Endpoints.SettleAsync(
        await group.LayoutAsync(session, CancellationToken.None).ConfigureAwait(false), CancellationToken.None).ConfigureAwait(false);

    /// <summary>A volume's sectors are no range of their own any more; it becomes one anew when it is used again. Refused while a host writes to it.</summary>
    private async Task UnfenceAsync(int session, string volume, CancellationToken cancellationToken)
    {
        var found = group.Find(await group.LayoutAsync(session, cancellationToken).ConfigureAwait(false), volume);
        try
        {
            await group.Endpoints.ForgetAsync(session, found.Sectors, cancellationToken).ConfigureAwait(false);
        }
        catch (GodwitException e) when (e.Code == FenceRefusal.RangeConflict)
        {
            throw new GodwitException(StorageErrors.VolumeInUse, $"{group.Name}/{volume} is in use: {e.Message}",
                "Shut down the domain that uses it: `godwit list` shows where it runs.", e);
        }
    }

    private static string Bytes(long size) => string.Create(CultureInfo.InvariantCulture, $"{size}b");
}
