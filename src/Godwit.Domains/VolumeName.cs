using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;

namespace Godwit.Domains;

/// <summary>
/// Name of a volume of the pool, written like LVM's: <c>group/volume</c>. The characters are those that lvm(8)
/// allows, so that a name can be carried over to a real volume group.
/// </summary>
[JsonConverter(typeof(VolumeNameConverter))]
public readonly partial record struct VolumeName(string Group, string Volume)
{
    public static bool TryParse([NotNullWhen(true)] string? text, out VolumeName name)
    {
        name = default;
        if (text is null || text.Split('/') is not [var group, var volume])
            return false;
        if (!Part().IsMatch(group) || !Part().IsMatch(volume))
            return false;
        name = new VolumeName(group, volume);
        return true;
    }

    /// <exception cref="GodwitException">The text is not a volume name.</exception>
    public static VolumeName Parse(string text) => TryParse(text, out var name)
        ? name
        : throw new GodwitException(
            "bad-volume-name",
            $"'{text}' is not the name of a volume.",
            "Write group/volume, each of letters, digits and . _ + - and not beginning with - or a dot, as in vg_xen/lv_vm1.");

    public override string ToString() => $"{Group}/{Volume}";

    [GeneratedRegex(@"\A[A-Za-z0-9_+][A-Za-z0-9_.+-]{0,126}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Part();
}

/// <summary>Volume names in JSON, as <c>group/volume</c>.</summary>
public sealed class VolumeNameConverter : JsonConverter<VolumeName>
{
    public override VolumeName Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        VolumeName.TryParse(reader.GetString(), out var name)
            ? name
            : throw new JsonException("A volume is named group/volume.");

    public override void Write(Utf8JsonWriter writer, VolumeName value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.ToString());
}
