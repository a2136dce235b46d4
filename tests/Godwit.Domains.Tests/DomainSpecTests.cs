using System.Text.Json;

namespace Godwit.Domains.Tests;

public sealed class DomainSpecTests
{
    private static readonly DomainSpec s_spec = new() { Name = "vm1", MemoryMiB = 256, VirtualCpus = 4 };

    [Fact]
    public void Bounds_that_are_not_given_are_what_it_has() => Assert.Equal((256, 4), (s_spec.MaxMemoryMiB, s_spec.MaxVirtualCpus));

    [Fact]
    public void A_domain_that_was_made_smaller_can_have_again_what_it_had()
    {
        var less = s_spec.WithMemory(128).WithVirtualCpus(1);
        Assert.Equal((128, 256, 1, 4), (less.MemoryMiB, less.MaxMemoryMiB, less.VirtualCpus, less.MaxVirtualCpus));
    }

    [Fact]
    public void Bounds_outlive_json()
    {
        var less = s_spec.WithMemory(128).WithVirtualCpus(1);
        var read = JsonSerializer.Deserialize(JsonSerializer.Serialize(less, DomainsJson.Default.DomainSpec), DomainsJson.Default.DomainSpec)!;
        Assert.Equal((128, 256, 1, 4), (read.MemoryMiB, read.MaxMemoryMiB, read.VirtualCpus, read.MaxVirtualCpus));
    }

    [Fact]
    public void What_an_older_version_wrote_is_read_with_its_bounds()
    {
        var read = JsonSerializer.Deserialize("""{"name":"vm1","memoryMiB":256,"maxMemoryMiB":512,"virtualCpus":2}""", DomainsJson.Default.DomainSpec)!;
        Assert.Equal((512, 2, null), (read.MaxMemoryMiB, read.MaxVirtualCpus, read.GuestType));
    }
}
