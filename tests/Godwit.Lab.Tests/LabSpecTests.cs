using Godwit.Domains;
using Godwit.Lab.Hosts;

namespace Godwit.Lab.Tests;

public sealed class LabSpecTests
{
    [Fact]
    public void ThreeMachinesAsInTheDemo()
    {
        var spec = LabSpec.WithResources(2);
        spec.Validate();
        Assert.Equal(["storage 10.9.0.10", "resource-1 10.9.0.11", "resource-2 10.9.0.12"],
            spec.Hosts.Select(h => $"{h.Name} {h.Address}"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("../up")]
    [InlineData("Big")]
    [InlineData("1st")]
    [InlineData("far-too-long-for-links")]
    [InlineData("switch")]
    public void NamesThatCannotBeInAPathOrALinkAreRefused(string host)
    {
        var spec = LabSpec.WithResources(0);
        Assert.Throws<GodwitException>(() => (spec with { Hosts = [spec.Hosts[0] with { Name = host }] }).Validate());
    }

    [Fact]
    public void TwoHostsOfOneNameAreRefused()
    {
        var spec = LabSpec.WithResources(1);
        Assert.Throws<GodwitException>(() => (spec with { Hosts = [spec.Hosts[1], spec.Hosts[1]] }).Validate());
    }

    [Fact]
    public void OnlyTheStorageHostHasAVolumeGroup()
    {
        var spec = LabSpec.WithResources(1);
        var storage = HostConfig.Write(spec.Hosts[0]);
        Assert.Contains("roles = [\"storage\", \"registry\"]", storage, StringComparison.Ordinal);
        Assert.Contains("name = \"vg_xen\"", storage, StringComparison.Ordinal);
        var resource = HostConfig.Write(spec.Hosts[1]);
        Assert.Contains("name = \"resource-1\"\naddress = \"10.9.0.11\"\nport = 8002\nroles = [\"compute\"]\n", resource,
            StringComparison.Ordinal);
        Assert.DoesNotContain("groups", resource, StringComparison.Ordinal);
    }
}
