using System.Collections.Immutable;
using System.Globalization;
using Godwit.Aoe.Control;
using Godwit.Domains;

namespace Godwit.Storage.Groups;

/// <summary>Makes and removes volumes of a shared group, under its lock. Calls come one at a time on one host.</summary>
internal sealed class GroupVolumes(SharedGroup group, GroupLock @lock)
{
    /// <summary>Makes the group on its device, which is empty. On failure it may be half-made, and is made again.</summary>
    public Task InitializeAsync(int session, CancellationToken cancellationToken) => @lock.HoldAsync(session, async _ =>
    {
        await group.MakeAsync(cancellationToken).ConfigureAwait(false);
        return (await group.LayoutAsync(session, cancellationToken).ConfigureAwait(false)).IsEmpty;
    }, cancellationToken);

    /// <summary>
    /// Makes a volume, which is active nowhere then. What its extents held before may be another guest's secrets: they are
    /// overwritten before anybody has the volume, under a fence of its own, while others may have the lock.
    /// </summary>
    /// <param name="session">This host's session at the group.</param>
    /// <param name="volume">Its name.</param>
    /// <param name="sizeBytes">Its size, made up to whole extents.</param>
    /// <param name="zero">Overwrites the device of that path.</param>
    /// <param name="cancellationToken">Ends it; nothing is left then.</param>
    public async Task<GroupVolume> CreateAsync(int session, string volume, long sizeBytes, Func<string, Task> zero, CancellationToken cancellationToken)
    {
        var made = await @lock.HoldAsync(session, async epoch =>
        {
            await group.RunAsync(
                ["lvcreate", "--yes", "--wipesignatures", "y", "--setautoactivation", "n", "--size", string.Create(CultureInfo.InvariantCulture, $"{sizeBytes}b"),
                    "--name", volume, group.Name], cancellationToken).ConfigureAwait(false);
            try
            {
                var found = group.Find(await group.LayoutAsync(session, cancellationToken).ConfigureAwait(false), volume);
                await group.Endpoints.FenceAsync(epoch, session, found.Sectors, free: false, cancellationToken).ConfigureAwait(false);
                return found;
            }
            catch
            {
                await group.RunAsync(["lvremove", "--yes", $"{group.Name}/{volume}"], CancellationToken.None).ConfigureAwait(false);
                throw;
            }
        }, cancellationToken).ConfigureAwait(false);
        try
        {
            await zero(group.PathOf(volume)).ConfigureAwait(false);
        }
        catch
        {
            await group.DeactivateAsync(volume, CancellationToken.None).ConfigureAwait(false);
            await group.Endpoints.ReleaseAsync(session, made.Sectors, CancellationToken.None).ConfigureAwait(false);
            await RemoveAsync(session, volume, CancellationToken.None).ConfigureAwait(false);
            throw;
        }
        await group.DeactivateAsync(volume, CancellationToken.None).ConfigureAwait(false);
        await group.Endpoints.ReleaseAsync(session, made.Sectors, CancellationToken.None).ConfigureAwait(false);
        return made;
    }

    /// <exception cref="GodwitException">There is no such volume, or a host is its writer.</exception>
    public async Task RemoveAsync(int session, string volume, CancellationToken cancellationToken)
    {
        await @lock.HoldAsync(session, async _ =>
        {
            var found = group.Find(await group.LayoutAsync(session, cancellationToken).ConfigureAwait(false), volume);
            await RefuseUsedAsync(volume, found, cancellationToken).ConfigureAwait(false);
            await group.RunAsync(["lvremove", "--yes", $"{group.Name}/{volume}"], cancellationToken).ConfigureAwait(false);
            await group.Endpoints.ForgetAsync(session, found.Sectors, CancellationToken.None).ConfigureAwait(false);
            return true;
        }, cancellationToken).ConfigureAwait(false);
    }

    private async Task RefuseUsedAsync(string volume, GroupVolume found, CancellationToken cancellationToken)
    {
        var status = await group.Endpoints.StatusAsync(cancellationToken).ConfigureAwait(false);
        var used = status.Ranges.FirstOrDefault(range => range.Writer != 0 && found.Sectors.Contains(new SectorRange(range.Start, range.Length, range.Rest)));
        if (used is null)
            return;
        var host = status.Readers.FirstOrDefault(reader => reader.Session == used.Writer)?.Host ?? "a host";
        throw new GodwitException(StorageErrors.VolumeInUse, $"{group.Name}/{volume} is in use by {host}.",
            "Destroy the domain that uses it: `godwit list` shows where it runs.");
    }
}
