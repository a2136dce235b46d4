using System.Text.Json.Serialization;

namespace Godwit.Domains;

/// <summary>Specifications as JSON.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    Converters =
    [
        typeof(NamedEnumConverter<DiskBackend>),
        typeof(NamedEnumConverter<DiskFormat>),
        typeof(NamedEnumConverter<GuestType>),
        typeof(NamedEnumConverter<LifecycleAction>),
    ],
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(DomainSpec))]
public sealed partial class DomainsJson : JsonSerializerContext;
