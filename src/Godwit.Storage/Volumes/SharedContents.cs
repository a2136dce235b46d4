using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Godwit.Aoe.Control;

namespace Godwit.Storage.Volumes;

/// <summary>A group that lies on an exported volume, as the hosts that share it last told of it.</summary>
/// <param name="Group">Its name.</param>
/// <param name="Volumes">Its volumes.</param>
public sealed record SharedContents(string Group, ImmutableArray<SharedVolume> Volumes)
{
    /// <summary>What it is with another layout: of a volume that is there what it held stays, and what is new of it is not ready.</summary>
    public SharedContents With(IEnumerable<GroupVolume> layout) => this with
    {
        Volumes = [.. layout.Select(volume => new SharedVolume(volume.Name, volume.SizeBytes, volume.Sectors,
            Math.Min(volume.SizeBytes, Volumes.FirstOrDefault(known => known.Name == volume.Name)?.ReadyBytes ?? 0)))],
    };

    /// <summary>A volume holds all that it is to hold.</summary>
    public SharedContents WithReady(string name) => this with
    {
        Volumes = [.. Volumes.Select(volume => volume.Name == name ? volume with { ReadyBytes = volume.SizeBytes } : volume)],
    };
}

/// <summary>A logical volume of a shared group, and where it lies.</summary>
/// <param name="Name">Without its group.</param>
/// <param name="SizeBytes">Its size.</param>
/// <param name="Sectors">Its segments in their order, as sectors of the exported volume; those that follow one another are one.</param>
public sealed record GroupVolume(string Name, long SizeBytes, ImmutableArray<SectorRange> Sectors);

/// <inheritdoc cref="GroupVolume"/>
/// <param name="Name">Without its group.</param>
/// <param name="SizeBytes">Its size.</param>
/// <param name="Sectors">Its segments in their order.</param>
/// <param name="ReadyBytes">
/// So much of it, from its start on, holds what it is to hold. Less than its size while it is being made or grown: behind that may be what
/// another guest has left there.
/// </param>
public sealed record SharedVolume(string Name, long SizeBytes, ImmutableArray<SectorRange> Sectors, long ReadyBytes)
{
    /// <summary>It never was complete.</summary>
    [JsonIgnore]
    public bool IsNew => ReadyBytes == 0;

    [JsonIgnore]
    public bool IsReady => ReadyBytes == SizeBytes;

    public bool LiesIn(IEnumerable<SectorRange> ranges) => ranges.Any(range => !range.Rest && Sectors.Any(range.Overlaps));
}
