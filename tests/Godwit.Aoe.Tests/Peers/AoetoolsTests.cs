using Godwit.Aoe.Tests.EndToEnd;

namespace Godwit.Aoe.Tests.Peers;

/// <summary>The target under the programs that others ask targets with.</summary>
public sealed class AoetoolsTests : IDisposable
{
    private readonly AttachedDisk _disk;

    public AoetoolsTests()
    {
        Assert.SkipUnless(VethPair.Possible && File.Exists("/sbin/aoeping"), "needs root, ip, qemu-io and aoetools");
        _disk = new AttachedDisk();
        _disk.Export();
    }

    public void Dispose() => _disk?.Dispose();

    [Fact]
    public void Aoeping_is_told_what_the_disk_is_and_reads_its_health()
    {
        Assert.Contains("Godwit AoE disk", Ask("aoeping", "-s", "5", "-I", "0", "0", "st0"), StringComparison.Ordinal);
        Assert.NotEmpty(Ask("aoeping", "-s", "5", "-S", "read_data", "0", "0", "st0"));
        Assert.NotEqual(0, Run("aoeping", "-s", "5", "-S", "read_log:1", "0", "0", "st0").Code);
    }

    [Fact]
    public void Aoecfg_sets_tests_and_reads_the_configuration_string()
    {
        Ask("aoecfg", "-t", "1", "-c", "set", "-s", "vm1", "0", "0", "st0");
        Assert.Contains("vm1", Ask("aoecfg", "-t", "1", "-c", "read", "0", "0", "st0"), StringComparison.Ordinal);
        Assert.Contains("vm1", Ask("aoecfg", "-t", "1", "-c", "prefix", "-s", "vm", "0", "0", "st0"), StringComparison.Ordinal);
        Assert.DoesNotContain("vm1", Run("aoecfg", "-t", "1", "-c", "test", "-s", "vm2", "0", "0", "st0").Output, StringComparison.Ordinal);
        // A compare-and-set: only force overwrites.
        Run("aoecfg", "-t", "1", "-c", "set", "-s", "vm2", "0", "0", "st0");
        Assert.Contains("vm1", Ask("aoecfg", "-t", "1", "-c", "read", "0", "0", "st0"), StringComparison.Ordinal);
        Ask("aoecfg", "-t", "1", "-c", "fset", "-s", "vm3", "0", "0", "st0");
        Assert.Contains("vm3", Ask("aoecfg", "-t", "1", "-c", "read", "0", "0", "st0"), StringComparison.Ordinal);
    }

    private (int Code, string Output) Run(string program, params string[] arguments) => VethPair.RunIn(_disk.Pair.Host, "/sbin/" + program, arguments);

    private string Ask(string program, params string[] arguments)
    {
        var (code, output) = Run(program, arguments);
        Assert.True(code == 0, $"{program} ended with {code}: {output}");
        return output;
    }
}
