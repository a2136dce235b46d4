using Godwit.Domains.Config;

namespace Godwit.Domains.Tests.Config;

public sealed class NearestTests
{
    [Theory]
    [InlineData("xen/lv_vm1", "vg_xen/lv_vm1", "vg_xen/lv_vm1", "vg_xen/lv_vm2")]
    [InlineData("memroy", "memory", "memory", "maxmem")]
    [InlineData("VM1", "vm1", "vm1", "vm22")]
    [InlineData("vm", "vm1", "web", "vm1")]
    [InlineData("hostnme", "hostname", "name", "hostname")]
    [InlineData("completely-else", null, "vm1", "vm2")]
    [InlineData("ab", null, "cd")]
    [InlineData("", null, "a")]
    [InlineData("a", null)]
    public void Finds_the_nearest(string word, string? expected, params string[] known) => Assert.Equal(expected, Nearest.To(word, known));

    [Fact]
    public void Words_that_are_too_long_are_not_compared()
    {
        var longWord = new string('a', 200);
        Assert.Null(Nearest.To(longWord, [longWord]));
        Assert.Equal("b", Nearest.To("b", [longWord, "b"]));
    }
}
