using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Godwit.Domains;

namespace Godwit.Storage.Images.Library;

/// <summary>What is known of an image; it lies beside the image's disk as <c>image.json</c>.</summary>
public sealed record ImageRecord
{
    public required string Name { get; init; }

    public required ImageKind Kind { get; init; }

    /// <summary>Size of the disk that a guest sees, in bytes; a volume made from it has at least this.</summary>
    public required long SizeBytes { get; init; }

    /// <summary>SHA-256 in lower-case hexadecimal: of the file as it was imported, or of the disk as it was built.</summary>
    public required string Sha256 { get; init; }

    public required DateTimeOffset Made { get; init; }

    /// <summary>Release of Debian; null for what was imported.</summary>
    public string? Suite { get; init; }

    /// <summary>Packages asked for besides those that every built image has.</summary>
    public ImmutableArray<string> Packages { get; init => field = value.IsDefault ? [] : value; } = [];

    /// <summary>Form of the file that was imported, such as <c>qcow2</c>; null for what was built.</summary>
    public string? ImportedFrom { get; init; }
}

/// <summary>How a guest learns who it is.</summary>
public enum ImageKind
{
    /// <summary>Built here: its own files are written into the disk.</summary>
    Built = 1,

    /// <summary>Imported: cloud-init reads them from a second disk at the first boot.</summary>
    Cloud,
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    WriteIndented = true,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    Converters = [typeof(NamedEnumConverter<ImageKind>)])]
[JsonSerializable(typeof(ImageRecord))]
internal sealed partial class ImageJson : JsonSerializerContext;
