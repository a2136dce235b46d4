using System.Text.Json.Serialization;

namespace Godwit.Aoe.Control;

/// <summary>A part of a disk that a request is about.</summary>
/// <param name="Start">First sector, of 512 bytes.</param>
/// <param name="Length">Number of sectors.</param>
/// <param name="Rest">And all that lies in no range of the disk's fence.</param>
public readonly record struct SectorRange(long Start, long Length, bool Rest = false)
{
    // What ATA addresses.
    private const long MostSectors = 1L << 48;

    [JsonIgnore]
    public long End => Start + Length;

    [JsonIgnore]
    public bool IsSound => Start >= 0 && Length > 0 && Start < MostSectors && Length <= MostSectors - Start;

    public bool Overlaps(SectorRange other) => Start < other.End && other.Start < End;

    public override string ToString() => Rest ? $"{Start}+{Length} and the rest" : $"{Start}+{Length}";
}
