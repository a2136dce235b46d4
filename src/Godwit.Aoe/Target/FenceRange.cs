using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Godwit.Aoe.Control;

namespace Godwit.Aoe.Target;

/// <summary>Sectors of a disk that have a writer of their own, as a logical volume has that lies on an exported physical one.</summary>
/// <param name="Start">First sector, of 512 bytes.</param>
/// <param name="Length">Number of sectors.</param>
/// <param name="Rest">
/// All that lies in no range is its writer's too. One range at most is so: the metadata of a volume group, whose writer is the holder
/// of the group's lock, and who alone touches what belongs to no volume.
/// </param>
/// <param name="Epoch">The greatest epoch that took the writer's role here; it never falls.</param>
/// <param name="PreviousEpoch">The epoch before, for the answer to a repeated request.</param>
/// <param name="Writer">Session of the writer, one of the readers' of the disk; 0 where nobody is.</param>
/// <param name="Barred">Readers of the disk that were the writer here and were superseded: their reads are refused here.</param>
public sealed record FenceRange(
    long Start, long Length, bool Rest, long Epoch, long PreviousEpoch, int Writer, ImmutableArray<int> Barred)
{
    [JsonIgnore]
    public long End => Start + Length;

    [JsonIgnore]
    public SectorRange Sectors => new(Start, Length, Rest);
}
