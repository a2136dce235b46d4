using System.Text.Json.Serialization;
using Godwit.Domains;
using Godwit.Pool.Restoration;

namespace Godwit.Pool;

/// <summary>Records of the registry as JSON, in the database and between hosts alike.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    Converters =
    [
        typeof(NamedEnumConverter<DiskBackend>),
        typeof(NamedEnumConverter<DiskFormat>),
        typeof(NamedEnumConverter<GuestType>),
        typeof(NamedEnumConverter<LifecycleAction>),
        typeof(NamedEnumConverter<RunState>),
        typeof(NamedEnumConverter<RelocationOutcome>),
    ],
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(DomainRecord))]
[JsonSerializable(typeof(IReadOnlyList<DomainRecord>))]
[JsonSerializable(typeof(HostRecord))]
[JsonSerializable(typeof(IReadOnlyList<HostRecord>))]
[JsonSerializable(typeof(VolumeRecord))]
[JsonSerializable(typeof(IReadOnlyList<VolumeRecord>))]
[JsonSerializable(typeof(CompareAndSetResult))]
[JsonSerializable(typeof(HostReport))]
public sealed partial class PoolJson : JsonSerializerContext;
