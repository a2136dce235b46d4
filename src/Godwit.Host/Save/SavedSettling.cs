using System.Collections.Immutable;
using Godwit.Domains;
using Godwit.Pool;
using Godwit.Pool.Ownership;
using Godwit.Storage;
using Microsoft.Extensions.Logging;

namespace Godwit.Host.Save;

/// <summary>A restore that was cut short: the domain is saved as it was, as far as its disks do not tell otherwise.</summary>
internal static class SavedSettling
{
    /// <summary>
    /// Settles one of which no copy is left. Disks that are attached still may have been taken under its epoch: they are asked in the
    /// same session who had them before, which is answered as it was the first time. Where they are not attached any more (the host has
    /// lost its power), one that was taken cannot be told from one that another had taken before, and the memory is refused as stale.
    /// </summary>
    /// <param name="parts">This host.</param>
    /// <param name="log">Takes what is tried again.</param>
    /// <param name="record">Saved, and arriving.</param>
    /// <param name="attached">Its disks that are attached.</param>
    /// <param name="token">Ends it.</param>
    public static async Task RunAsync(HostParts parts, ILogger log, DomainRecord record, ImmutableArray<AttachedDisk> attached, CancellationToken token)
    {
        var saved = record.Saved!;
        if (attached.Count(disk => !disk.ReadOnly) == record.Spec.Disks.Count(disk => !disk.ReadOnly))
        {
            var (_, older) = await SavedDisks.TakeAsync(parts, log, attached, saved, record.Epoch, token);
            saved = SavedDisks.Judge(saved, record.Epoch, older);
        }
        await EndAsync(parts, record, saved, token);
    }

    /// <summary>Records that it is saved, with what is known of its memory by now.</summary>
    public static Task EndAsync(HostParts parts, DomainRecord restoring, SavedMemory saved, CancellationToken token) => parts.Records.ChangeAsync(
        restoring.Name,
        r => r.Owner != parts.Name || r.Epoch != restoring.Epoch || !r.Arriving,
        r => Transitions.EndRestore(r, parts.Name, restoring.Epoch, saved),
        token);
}
