using System.Text.Json.Serialization;

namespace Godwit.Domains;

/// <summary>Specifications as JSON.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(DomainSpec))]
public sealed partial class DomainsJson : JsonSerializerContext;
