using System.Diagnostics;
using System.Text;
using Godwit.Domains.Config;

namespace Godwit.Domains.Tests.Config;

public sealed class EvaluatorTests
{
    private const string Whole = "name = 'a'\nmemory = 64\n";

    [Fact]
    public void A_name_means_what_it_was_assigned_last_above()
    {
        var result = ConfigReader.Read("x = 'a'\nname = x\nx = 'b'\nextra = x + x\nmemory = 64", "vm1");
        Assert.Equal(("a", "bb"), (result.Spec!.Name, result.Spec.CommandLine));
        Assert.Equal("x is set twice; the last one counts", Assert.Single(result.Diagnostics).Message);
    }

    [Fact]
    public void A_variable_of_the_files_own_is_no_unknown_setting()
    {
        Assert.Equal("vg_xen/lv_a", Specs.Read(Whole + "vg = 'vg_xen'\ndisk = ['phy:' + vg + '/lv_' + name + ',xvda,w']").Disks[0].Target);
        Assert.Equal(["3:1+2 vg is not a setting that is known; it is ignored"], Specs.Complaints(Whole + "vg = 'x'", Severity.Warning));
    }

    [Theory]
    [InlineData("extra = kernl", "3:9+5 kernl is not set above", "put text into quotes: \"kernl\"")]
    [InlineData("kernel = '/a'\nextra = kernl", "4:9+5 kernl is not set above", "did you mean kernel, or \"kernl\" in quotes?")]
    [InlineData("extra = 'a' + 3", "3:15+1 a string and a number cannot be added", "+ joins strings, or lists")]
    [InlineData("extra = [] + 'a'", "3:14+3 a list and a string cannot be added", "+ joins strings, or lists")]
    [InlineData("extra = 1 + 2", "3:13+1 a number and a number cannot be added", "+ joins strings, or lists")]
    public void Errors(string line, string expected, string hint)
    {
        Assert.Equal([expected], Specs.Complaints(Whole + line));
        Assert.Equal(hint, Assert.Single(ConfigReader.Read(Whole + line, "vm1").Diagnostics).Hint);
    }

    [Fact]
    public void None_is_as_if_it_had_not_been_given()
    {
        var spec = Specs.Read(Whole + "kernel = None\nvcpus = None");
        Assert.Null(spec.Kernel);
        Assert.Equal(1, spec.VirtualCpus);
    }

    [Theory]
    [InlineData("x = '0123456789'\n", "x = x + x\n")]
    [InlineData("x = [ 1, 2, 3 ]\n", "x = x + x\n")]
    public void Sums_that_double_are_bounded(string first, string next)
    {
        var text = Whole + first + string.Concat(Enumerable.Repeat(next, 60));
        Assert.Equal(["the sums of this file are longer than 1048576 characters together"],
            ConfigReader.Read(text, "vm1").Diagnostics.Where(d => d.Severity == Severity.Error).Select(d => d.Message));
    }

    [Fact]
    public void Many_copies_of_a_long_string_are_bounded_together()
    {
        var text = new StringBuilder(Whole).Append("x = '").Append('x', 60_000).Append("'\n");
        for (var i = 0; i < 50_000; i++)
            text.Append('y').Append(i).Append("=x+''\n");
        InTime(text.ToString());
    }

    [Theory]
    [InlineData("extra = 'a'", " + 'a'", 150_000)]
    [InlineData("extra = 'a'", " 'a'", 200_000)]
    [InlineData("disk = ['a']", "+['a']", 150_000)]
    [InlineData("disk = ['a'", ",'a'", 200_000)]
    [InlineData("extra = -", "-", 900_000)]
    [InlineData("", "a b\n", 200_000)]
    [InlineData("", "?", 900_000)]
    [InlineData("", "'\n", 400_000)]
    public void A_long_file_is_read_in_time(string first, string more, int count) =>
        InTime(Whole + first + string.Concat(Enumerable.Repeat(more, count)));

    [Fact]
    public void Many_unknown_names_are_read_in_time()
    {
        var text = new StringBuilder(Whole);
        for (var i = 0; text.Length < ConfigReader.MaxLength - 300; i++)
            text.Append('k', i % 100).Append(i).Append("=v").Append('v', i % 100).Append(i).Append('\n');
        InTime(text.ToString());
    }

    // An order of magnitude more than it takes: what is quadratic takes minutes.
    private static void InTime(string text)
    {
        var watch = Stopwatch.StartNew();
        var result = ConfigReader.Read(text, "vm1");
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(5));
        Assert.InRange(result.Diagnostics.Length, 0, ConfigReader.MostDiagnostics);
    }
}
