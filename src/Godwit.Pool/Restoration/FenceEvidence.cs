using Godwit.Domains;

namespace Godwit.Pool.Restoration;

/// <summary>
/// Who owns a domain by the fences of its disks, where no host that is left can say so: one that holds every disk under an
/// epoch greater than the record's has had the domain since.
/// </summary>
public static class FenceEvidence
{
    /// <summary>The records that are to be changed, as they are to be.</summary>
    public static IEnumerable<DomainRecord> Judge(IEnumerable<DomainRecord> records, IReadOnlyDictionary<VolumeName, FenceReport> fences)
    {
        foreach (var record in records)
        {
            var held = record.Spec.Disks.Where(disk => !disk.ReadOnly).Select(disk => FenceOf(disk, fences)).ToList();
            if (held is not [{ Writer: { } writer }, ..] || !held.All(fence => fence?.Writer == writer && fence.Epoch > record.Epoch))
                continue;
            yield return record with
            {
                Owner = writer,
                Epoch = held.Max(fence => fence!.Epoch),
                // A host that takes the disks of a saved domain lets it run, and then its memory in the file is old.
                RunState = record.RunState == Domains.RunState.Saved ? Domains.RunState.Running : record.RunState,
                Saved = null,
                Arriving = false,
                Intent = null,
                Last = null,
            };
        }
    }

    private static FenceReport? FenceOf(DiskSpec disk, IReadOnlyDictionary<VolumeName, FenceReport> fences) =>
        disk.FindVolume() is { } name ? fences.GetValueOrDefault(name) : null;
}
