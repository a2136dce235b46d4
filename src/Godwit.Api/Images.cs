using System.Collections.Immutable;
using Godwit.Domains;

namespace Godwit.Api;

/// <summary>An image, from which disks of domains are made.</summary>
public sealed record ImageInfo
{
    public required string Name { get; init; }

    /// <summary>
    /// How a guest of it learns who it is: <c>built</c> (from files that are written into its disk) or <c>cloud</c> (from
    /// cloud-init, by a second disk).
    /// </summary>
    public required string Kind { get; init; }

    /// <summary>Size of its disk in bytes, the least that a domain's has.</summary>
    public required long SizeBytes { get; init; }

    /// <summary>SHA-256 of the file that was imported, or of the disk that was built.</summary>
    public required string Sha256 { get; init; }

    public required DateTimeOffset Made { get; init; }

    /// <summary>The host that has it, and on which disks are made of it.</summary>
    public required string StorageHost { get; init; }

    /// <summary>Groups of that host in which they may lie.</summary>
    public ImmutableArray<string> Groups { get; init => field = value.IsDefault ? [] : value; } = [];

    /// <summary>Release of Debian of a built one.</summary>
    public string? Suite { get; init; }

    /// <summary>Packages that a built one has besides those that all have.</summary>
    public ImmutableArray<string> Packages { get; init => field = value.IsDefault ? [] : value; } = [];

    /// <summary>Form of the file of an imported one, such as <c>qcow2</c>.</summary>
    public string? ImportedFrom { get; init; }

    /// <summary>Kind of an image that needs a second disk at the first boot.</summary>
    public const string Cloud = "cloud";
}

/// <param name="Suite">Release of Debian: <c>bookworm</c> or <c>trixie</c>.</param>
/// <param name="SizeBytes">Size of its disk; null for 2 GiB.</param>
public sealed record BuildImageRequest(string Name, string Suite, long? SizeBytes = null)
{
    /// <summary>Besides those that make it boot and let its administrator in.</summary>
    public ImmutableArray<string> Packages { get; init => field = value.IsDefault ? [] : value; } = [];
}

/// <summary>Asks for the disks of one guest of an image.</summary>
/// <param name="Volume">The volume to be made, as <c>group/volume</c>; an imported image gets a second one, <see cref="SeedOf"/>.</param>
/// <param name="SizeBytes">Its size; null for the image's.</param>
/// <param name="Guest">Who the guest is.</param>
/// <param name="Mac">The guest's first interface; null where it has none.</param>
/// <param name="Id">What the job is to be known by, so that whoever asks can find it again whatever becomes of the answer.</param>
public sealed record GuestVolumesRequest(string Volume, GuestIdentity Guest, long? SizeBytes = null, MacAddress? Mac = null, Guid? Id = null)
{
    /// <summary>The volume from which cloud-init learns who the guest is.</summary>
    public static VolumeName SeedOf(VolumeName volume) => volume with { Volume = volume.Volume + "-seed" };
}

/// <summary>Asks for a domain of an image: its disks are made, and it is started from them.</summary>
public sealed record CreateGuestRequest
{
    /// <summary>The domain, without the disks that are made for it: these come before those that it has.</summary>
    public required DomainSpec Spec { get; init; }

    public required GuestIdentity Guest { get; init; }

    /// <summary>Group of its disks; may be left out where the image's host has only one.</summary>
    public string? Group { get; init; }

    /// <summary>Size of its disk; null for the image's.</summary>
    public long? DiskBytes { get; init; }

    /// <summary>Leave it paused before its first instruction.</summary>
    public bool Paused { get; init; }
}
