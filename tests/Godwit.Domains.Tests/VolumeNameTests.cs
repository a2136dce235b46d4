using System.Text.Json;
using System.Text.Json.Serialization;

namespace Godwit.Domains.Tests;

public sealed class VolumeNameTests
{
    [Theory]
    [InlineData("vg_xen/lv_vm1", "vg_xen", "lv_vm1")]
    [InlineData("a/b", "a", "b")]
    [InlineData("_+9/+a.b-c", "_+9", "+a.b-c")]
    public void Names(string text, string group, string volume)
    {
        var name = VolumeName.Parse(text);
        Assert.Equal((new VolumeName(group, volume), text), (name, name.ToString()));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("a")]
    [InlineData("/a")]
    [InlineData("a/")]
    [InlineData("a/b/c")]
    [InlineData("../a")]
    [InlineData("a/..")]
    [InlineData("a/.b")]
    [InlineData("a/-b")]
    [InlineData("a/b c")]
    [InlineData("a/b\n")]
    [InlineData("a/é")]
    public void Others_are_none(string? text) => Assert.False(VolumeName.TryParse(text, out _));

    [Fact]
    public void A_part_has_at_most_127_characters()
    {
        Assert.True(VolumeName.TryParse("a/" + new string('b', 127), out _));
        Assert.False(VolumeName.TryParse("a/" + new string('b', 128), out _));
    }

    [Fact]
    public void A_wrong_name_is_refused_with_what_to_write()
    {
        var refused = Assert.Throws<GodwitException>(() => VolumeName.Parse("../etc"));
        Assert.Equal(("bad-volume-name", "'../etc' is not the name of a volume."), (refused.Code, refused.Message));
        Assert.Contains("vg_xen/lv_vm1", refused.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void Json_is_a_string()
    {
        Assert.Equal("\"a/b\"", JsonSerializer.Serialize(new VolumeName("a", "b"), NamesJson.Default.VolumeName));
        Assert.Equal(new VolumeName("a", "b"), JsonSerializer.Deserialize("\"a/b\"", NamesJson.Default.VolumeName));
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize("\"a/../b\"", NamesJson.Default.VolumeName));
    }
}

[JsonSerializable(typeof(VolumeName))]
internal sealed partial class NamesJson : JsonSerializerContext;
