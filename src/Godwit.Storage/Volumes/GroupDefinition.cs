using System.Text.Json.Serialization;
using Godwit.Domains;

namespace Godwit.Storage.Volumes;

/// <summary>A group of volumes and where they lie.</summary>
public sealed record GroupDefinition
{
    /// <summary>First part of its volumes' names; with LVM the volume group.</summary>
    public required string Name { get; init; }

    public required GroupKind Kind { get; init; }

    /// <summary>Where the sparse files are; null with LVM.</summary>
    public string? Directory { get; init; }

    /// <summary>New volumes are thin volumes of this pool; null: they have all their room from the start.</summary>
    public string? ThinPool { get; init; }

    /// <summary>The exported volume that a shared group lies on.</summary>
    public VolumeName? On { get; init; }

    public static GroupDefinition OfDirectory(string name, string directory) =>
        new() { Name = name, Kind = GroupKind.Directory, Directory = directory };

    public static GroupDefinition OfLvm(string name, string? thinPool = null) =>
        new() { Name = name, Kind = GroupKind.Lvm, ThinPool = thinPool };

    public static GroupDefinition OfShared(string name, VolumeName on) => new() { Name = name, Kind = GroupKind.Shared, On = on };
}

[JsonConverter(typeof(JsonStringEnumConverter<GroupKind>))]
public enum GroupKind
{
    /// <summary>Sparse files of a directory.</summary>
    [JsonStringEnumMemberName("directory")]
    Directory = 1,

    /// <summary>Logical volumes of an LVM2 volume group.</summary>
    [JsonStringEnumMemberName("lvm")]
    Lvm,

    /// <summary>Logical volumes of an LVM2 volume group on an exported volume, which its hosts share.</summary>
    [JsonStringEnumMemberName("shared")]
    Shared,
}
