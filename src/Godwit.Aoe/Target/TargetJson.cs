using System.Text.Json;
using System.Text.Json.Serialization;

namespace Godwit.Aoe.Target;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true,
    RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(FenceState))]
[JsonSerializable(typeof(InBandState))]
internal sealed partial class TargetJson : JsonSerializerContext;
