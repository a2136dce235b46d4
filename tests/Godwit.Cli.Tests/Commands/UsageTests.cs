namespace Godwit.Cli.Tests.Commands;

public sealed class UsageTests
{
    [Theory]
    [InlineData("creat", "godwit: godwit has no command creat\n  did you mean create? else see godwit --help\n")]
    [InlineData("migrate vm1", "godwit: migrate needs HOST\n  see godwit migrate --help\n")]
    [InlineData("list --jsn", "godwit: list has no option --jsn\n  did you mean --json? else see godwit list --help\n")]
    [InlineData("list vm1", "godwit: list takes no further argument: vm1\n  see godwit list --help\n")]
    [InlineData("volume create vg_xen/a", "godwit: volume create needs --size SIZE\n  see godwit volume create --help\n")]
    [InlineData("volume create vg_xen/a --size huge", "godwit: --size takes a size such as 5g or 512m, not `huge`\n  see godwit volume create --help\n")]
    [InlineData("migrate vm1 b --timeout 0", "godwit: --timeout takes a whole number from 1 on, not `0`\n  see godwit migrate --help\n")]
    [InlineData("lab demo --image large", "godwit: --image takes debian or tiny, not `large`\n  see godwit lab demo --help\n")]
    [InlineData("host", "godwit: host needs a command\n  one of list, check; see godwit host --help\n")]
    public async Task A_line_that_cannot_be_understood_is_answered_with_what_to_do(string line, string error)
    {
        using var around = new TestSurroundings();
        Assert.Equal(ExitCode.Usage, await around.RunAsync(line.Split(' ')));
        Assert.Equal(error, around.Error);
        Assert.Empty(around.Out);
    }

    [Fact]
    public async Task With_json_the_error_is_json_on_standard_error()
    {
        using var around = new TestSurroundings();
        Assert.Equal(ExitCode.Usage, await around.RunAsync("migrate", "vm1", "--json"));
        var error = System.Text.Json.JsonDocument.Parse(around.Error).RootElement;
        Assert.Equal("usage", error.GetProperty("code").GetString());
        Assert.Equal("migrate needs HOST", error.GetProperty("message").GetString());
        Assert.Empty(around.Out);
    }

    [Fact]
    public async Task Help_ends_with_examples()
    {
        using var around = new TestSurroundings();
        Assert.Equal(ExitCode.Success, await around.RunAsync("shutdown", "--help"));
        Assert.EndsWith(
            """
            Examples:
              godwit shutdown vm1                                         returns once the guest has been asked
              godwit shutdown -w --timeout 60 vm1 || godwit destroy vm1  gives it a minute


            """.Replace("vm1                                         returns", "vm1" + new string(' ', 40) + "returns", StringComparison.Ordinal),
            around.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Help_of_godwit_tells_the_exit_codes()
    {
        using var around = new TestSurroundings();
        Assert.Equal(ExitCode.Success, await around.RunAsync("--help"));
        foreach (var code in Enum.GetValues<ExitCode>())
            Assert.Contains($"\n  {(int)code}  ", around.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Version_is_that_of_the_build()
    {
        using var around = new TestSurroundings();
        Assert.Equal(ExitCode.Success, await around.RunAsync("version"));
        Assert.Matches(@"^godwit \d+\.\d+\.\d+\n$", around.Out);
    }
}
