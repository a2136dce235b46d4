using System.Text.Json;
using CsCheck;
using Godwit.Domains.Config;

namespace Godwit.Domains.Tests.Config;

public sealed class RoundTripTests
{
    [Fact]
    public void What_is_written_reads_back_the_same() => Specs.Any.Sample(
        spec => Specs.Same(spec, Specs.Read(SpecWriter.Write(spec))), iter: 3000);

    [Fact]
    public void Json_keeps_all_of_it() => Specs.Any.Sample(spec => Specs.Same(spec, Json(JsonSerializer.Serialize(spec, DomainsJson.Default.DomainSpec))), iter: 3000);

    [Fact]
    public void Json_of_another_version_that_lacks_members_gets_their_defaults()
    {
        var spec = Json("""{ "name": "a", "memoryMiB": 64, "disks": [ { "target": "a/b", "backend": "Block", "virtualDevice": "xvda" } ], "new": 1 }""");
        Specs.Same(
            new DomainSpec
            {
                Name = "a",
                MemoryMiB = 64,
                Disks = [new DiskSpec { Target = "a/b", Backend = DiskBackend.Block, VirtualDevice = "xvda" }],
            },
            spec);
        var nic = Json("""{ "name": "a", "memoryMiB": 64, "interfaces": [ { "mac": "02:00:00:00:00:01" } ] }""").Interfaces[0];
        Assert.Equal(("xenbr0", false), (nic.Bridge, nic.Addresses.IsDefault));
    }

    [Theory]
    [InlineData("""{ "name": "a" }""")]
    [InlineData("""{ "name": null, "memoryMiB": 64 }""")]
    [InlineData("""{ "name": "a", "memoryMiB": 64, "interfaces": [ { "mac": "02:00" } ] }""")]
    [InlineData("""{ "name": "a", "memoryMiB": 64, "interfaces": [ { "mac": null } ] }""")]
    [InlineData("""{ "name": "a", "memoryMiB": 64, "onCrash": "Explode" }""")]
    public void Json_that_is_no_specification_is_refused(string json) => Assert.Throws<JsonException>(() => Json(json));

    private static DomainSpec Json(string json) => JsonSerializer.Deserialize(json, DomainsJson.Default.DomainSpec)!;
}
