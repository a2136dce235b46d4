using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;
using Godwit.Domains;

namespace Godwit.Relocation.Protocol;

/// <summary>Bodies of control messages. Unknown members are refused: versions are negotiated, not guessed.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    Converters =
    [
        typeof(AddressConverter),
        typeof(NamedEnumConverter<DiskBackend>),
        typeof(NamedEnumConverter<DiskFormat>),
        typeof(NamedEnumConverter<GuestType>),
        typeof(NamedEnumConverter<LifecycleAction>),
        typeof(NamedEnumConverter<RunState>),
        typeof(NamedEnumConverter<RelocationStep>),
    ])]
[JsonSerializable(typeof(RelocationMessage.Hello))]
[JsonSerializable(typeof(RelocationMessage.Welcome))]
[JsonSerializable(typeof(RelocationMessage.Refused))]
[JsonSerializable(typeof(RelocationMessage.ClockQuestion))]
[JsonSerializable(typeof(RelocationMessage.ClockAnswer))]
[JsonSerializable(typeof(RelocationMessage.BootFile))]
[JsonSerializable(typeof(RelocationMessage.Stopping))]
[JsonSerializable(typeof(RelocationMessage.Frames))]
[JsonSerializable(typeof(RelocationMessage.Running))]
[JsonSerializable(typeof(RelocationMessage.GaveBack))]
[JsonSerializable(typeof(RelocationMessage.Failed))]
internal sealed partial class RelocationJson : JsonSerializerContext;

internal sealed class AddressConverter : JsonConverter<IPAddress>
{
    public override IPAddress Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        IPAddress.TryParse(reader.GetString(), out var address)
            ? address
            : throw new JsonException("An IP address was expected.");

    public override void Write(Utf8JsonWriter writer, IPAddress value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.ToString());
}
