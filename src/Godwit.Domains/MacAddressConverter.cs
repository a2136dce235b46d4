using System.Text.Json;
using System.Text.Json.Serialization;

namespace Godwit.Domains;

/// <summary>Ethernet addresses in JSON, as six hexadecimal bytes.</summary>
public sealed class MacAddressConverter : JsonConverter<MacAddress>
{
    public override MacAddress Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        MacAddress.TryParse(reader.GetString(), null, out var mac)
            ? mac
            : throw new JsonException("An Ethernet address is written as six hexadecimal bytes, as in aa:cc:00:00:00:01.");

    public override void Write(Utf8JsonWriter writer, MacAddress value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.ToString());
}
