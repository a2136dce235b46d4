using System.Text.Json.Serialization;
using Godwit.Domains;
using Godwit.Relocation.Protocol;

namespace Godwit.Host.Save;

/// <summary>
/// A saved domain as a file. Numbers are big-endian.
/// <code>
///  0           8           12           16                16 + H
///  +-----------+-----------+------------+-----------------+---------- … ----------+-------------+---------------+
///  | GODWSAVE  | version 1 | H          | H bytes of JSON | the engine's stream   | its length  | SHA-256 of    |
///  |           |           |            |                 |                       | (8 bytes)   | all before it |
///  +-----------+-----------+------------+-----------------+---------- … ----------+-------------+---------------+
/// </code>
/// The JSON is what a source would offer to a destination, and is judged as that is; its relocation is the identity of the save.
/// Length and digest come last, so that a file is written in one go and one that is cut is known by its length alone.
/// </summary>
internal static class SavedFormat
{
    public const int Version = 1, PreambleLength = 16, HashLength = 32, TrailerLength = 8 + HashLength;

    /// <summary>A specification has some kilobytes.</summary>
    public const int LongestHeader = 1 << 20;

    public static ReadOnlySpan<byte> Magic => "GODWSAVE"u8;
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    Converters =
    [
        typeof(NamedEnumConverter<DiskBackend>),
        typeof(NamedEnumConverter<DiskFormat>),
        typeof(NamedEnumConverter<LifecycleAction>),
        typeof(NamedEnumConverter<RunState>),
    ])]
[JsonSerializable(typeof(RelocationOffer))]
internal sealed partial class SavedJson : JsonSerializerContext;
