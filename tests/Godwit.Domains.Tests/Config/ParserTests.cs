using Godwit.Domains.Config;

namespace Godwit.Domains.Tests.Config;

/// <summary>Errors of the syntax, each with its place, and that none of them hides or makes others.</summary>
public sealed class ParserTests
{
    private const string Whole = "name = 'a'\nmemory = 64\n";

    [Theory]
    [InlineData("vcpus 2", "3:7+1 after vcpus comes =")]
    [InlineData("= 2", "3:1+1 a statement is written as name = value")]
    [InlineData("vcpus =", "3:8+0 a value is missing here")]
    [InlineData("vcpus = 2 3", "3:11+1 the statement should end here")]
    [InlineData("kernel = /boot/x", "3:10+1 '/' is Python that Godwit does not run")]
    [InlineData("import os", "3:1+6 'import' is Python that Godwit does not run")]
    [InlineData("if x: y", "3:1+2 'if' is Python that Godwit does not run", "3:5+1 ':' is Python that Godwit does not run")]
    [InlineData("foo(3)", "3:1+3 the call of foo() is Python that Godwit does not run")]
    [InlineData("vcpus = int('3')", "3:9+3 the call of int() is Python that Godwit does not run")]
    [InlineData("disk = [ 'a'", "3:8+1 this list has no end")]
    [InlineData("disk = [ 'a' 3 ]", "3:14+1 in a list a comma or ] comes next")]
    [InlineData("disk = [ , ]", "3:10+1 a value is missing here")]
    [InlineData("disk = [ ] ]", "3:12+1 the statement should end here")]
    [InlineData("disk = ( 'a'", "3:8+1 this list has no end")]
    [InlineData("root = 'a\n", "3:8+2 this string has no end")]
    [InlineData("root = 'a' +", "3:13+0 a value is missing here")]
    [InlineData("vcpus = -", "3:9+1 a value is missing here")]
    public void An_error_is_told_once_and_at_its_place(string line, params string[] expected) =>
        Assert.Equal(expected, Specs.Complaints(Whole + line));

    [Theory]
    [InlineData("disk = [ 'phy:a/b,xvda,w'\nname = 'a'\nmemory = 64\n", "1:8+1 this list has no end")]
    [InlineData("name = 'a'\nmemory = int('3')\n", "2:10+3 the call of int() is Python that Godwit does not run")]
    [InlineData("name = oops +\nhostname = name\nmemory = 64", "1:14+1 a value is missing here")]
    [InlineData("name = oops + 'a'\nhostname = name + 'b'\nmemory = 64", "1:8+4 oops is not set above")]
    [InlineData("name 'a'\nmemory = 64", "1:6+3 after name comes =")]
    public void What_follows_from_an_error_is_no_second_one(string text, string expected) =>
        Assert.Equal([expected], Specs.Complaints(text));

    [Fact]
    public void All_errors_come_at_once_in_the_order_of_the_file() => Assert.Equal(
        [
            "1:9+1 the statement should end here",
            "2:9+5 'lots' is not one",
            "4:8+1 this list has no end",
            "6:5+1 '%' is Python that Godwit does not run",
        ],
        Specs.Complaints("vcpus=2 3\nmemory='lots'\nname='a'\ndisk = [ 'x',\n\nx=a % 3\n")
            .Select(c => c.StartsWith("2:", StringComparison.Ordinal) ? "2:9+5 'lots' is not one" : c));

    [Theory]
    [InlineData("vif = [ 'bridge=' 'br0' ]")]
    [InlineData("vif = ( 'bridge=br0', )")]
    [InlineData("vif = ('bridge=br0')")]
    [InlineData("vif = 'bridge=br0'")]
    [InlineData("vif = [ 'bridge=br0', ]")]
    [InlineData("vif = [\n  # one\n  'bridge=br0'\n]")]
    [InlineData("b = 'br0'; vif = [ 'bridge=' + b ]")]
    [InlineData("vif = [ ] + [ 'bridge=br0' ]")]
    public void Ways_to_write_one_list(string line) =>
        Assert.Equal("br0", Assert.Single(Specs.Read(Whole + line).Interfaces).Bridge);

    [Fact]
    public void Nesting_is_bounded()
    {
        var expected = "3:40+1 lists are nested deeper than 32 levels";
        Assert.Equal([expected], Specs.Complaints(Whole + "disk = " + new string('[', 100_000)));
        Assert.Equal([expected], Specs.Complaints(Whole + "disk = " + new string('(', 33) + "'x'" + new string(')', 33)));
    }
}
