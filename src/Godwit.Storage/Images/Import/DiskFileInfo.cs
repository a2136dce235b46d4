using System.Text.Json;
using System.Text.Json.Serialization;

namespace Godwit.Storage.Images.Import;

/// <summary>What <c>qemu-img info --output=json</c> says of a file.</summary>
internal sealed record DiskFileInfo
{
    public required string Format { get; init; }

    [JsonPropertyName("virtual-size")]
    public required long VirtualSize { get; init; }

    [JsonPropertyName("backing-filename")]
    public string? BackingFile { get; init; }

    public bool Encrypted { get; init; }

    [JsonPropertyName("format-specific")]
    public FormatSpecific? Specific { get; init; }

    /// <summary>Another file that this one would have read: whoever made it could name any file of the host.</summary>
    /// <param name="own">The file itself.</param>
    public string? OtherFile(string own) =>
        BackingFile ?? Specific?.Data?.DataFile ?? Specific?.Data?.Extents?.Select(extent => extent.FileName).FirstOrDefault(name => name != own);

    /// <exception cref="JsonException">It is not what is expected.</exception>
    public static DiskFileInfo Parse(string json) =>
        JsonSerializer.Deserialize(json, DiskFileInfoJson.Default.DiskFileInfo) ?? throw new JsonException("nothing was said");

    public sealed record FormatSpecific(FormatData? Data);

    public sealed record FormatData([property: JsonPropertyName("data-file")] string? DataFile, List<Extent>? Extents);

    public sealed record Extent([property: JsonPropertyName("filename")] string FileName);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(DiskFileInfo))]
internal sealed partial class DiskFileInfoJson : JsonSerializerContext;
