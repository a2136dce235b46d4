using Godwit.Api;
using Godwit.Cli.Rendering;

namespace Godwit.Cli.Tests.Rendering;

public sealed class DomainTableTests
{
    [Fact]
    public void Looks_like_xl_list_in_the_order_of_names()
    {
        var text = Write(
            Samples.Domain("web") with { State = DomainState.IoError, MemoryMiB = 16384, VirtualCpus = 8, CpuSeconds = 123456.78 },
            Samples.Domain());
        Assert.Equal(
            """
            Name                      Host          Mem(MiB)  VCPUs  State        Time(s)  Accel
            vm1                       resource-1         256      1  running         12.3  tcg
            web                       resource-1       16384      8  io-error    123456.8  tcg

            """, text);
    }

    [Fact]
    public void A_long_name_moves_the_columns_and_is_not_cut()
    {
        var lines = Write(Samples.Domain(new string('n', 40))).Split('\n');
        Assert.StartsWith(new string('n', 40) + "  resource-1 ", lines[1], StringComparison.Ordinal);
        Assert.Equal(lines[0].IndexOf("Host", StringComparison.Ordinal), lines[1].IndexOf("resource-1", StringComparison.Ordinal));
    }

    [Fact]
    public void A_domain_that_waits_says_for_what()
    {
        var text = Write(Samples.Domain(state: DomainState.Paused) with { Reason = "waiting for the registry at storage:8002" });
        Assert.EndsWith("  paused          12.3  tcg\nvm1: waiting for the registry at storage:8002\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public void What_it_waits_for_has_a_line_of_its_own()
    {
        var waiting = Samples.Domain(state: DomainState.Unknown) with { Reason = "resource-1 does not answer", Waits = "waits for resource-1" };
        Assert.EndsWith("tcg\nvm1: resource-1 does not answer\nvm1: waits for resource-1\n", Write(waiting), StringComparison.Ordinal);
        var sheet = new StringWriter { NewLine = "\n" };
        DomainSheet.Write(sheet, waiting);
        Assert.Contains("\nstate         unknown, resource-1 does not answer\nwaits         waits for resource-1\n", sheet.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_disk_without_a_fence_is_named_as_such()
    {
        var sheet = new StringWriter { NewLine = "\n" };
        DomainSheet.Write(sheet, Samples.Domain() with { UnfencedDisks = ["/dev/sdb"] });
        Assert.EndsWith("\nunfenced      /dev/sdb: no other host can be kept from writing to it\n", sheet.ToString(), StringComparison.Ordinal);
        Assert.Empty((Samples.Domain() with { UnfencedDisks = default }).UnfencedDisks);
    }

    [Fact]
    public void Every_state_has_a_word_without_blanks()
    {
        var words = Enum.GetValues<DomainState>().Select(DomainTable.State).ToList();
        Assert.Equal(words.Count, words.Distinct().Count());
        Assert.All(words, w => Assert.DoesNotContain(' ', w));
    }

    private static string Write(params DomainInfo[] domains)
    {
        using var output = new StringWriter { NewLine = "\n" };
        DomainTable.Write(output, domains);
        return output.ToString();
    }
}
