using System.Net;
using Godwit.Daemon.Config;
using Godwit.Domains;

namespace Godwit.Daemon.Tests;

public sealed class CommandLineTests
{
    private static readonly LocalDefaults Defaults = new("here", IPAddress.Loopback);

    [Theory]
    [InlineData("--help", "Usage: godwitd")]
    [InlineData("--version", "0.1.0")]
    public void Help_and_version_are_printed(string word, string said)
    {
        using var output = new StringWriter();
        Assert.Null(CommandLine.Parse([word], output));
        Assert.Contains(said, output.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--cofnig")]
    [InlineData("--config")]
    public void Other_words_are_refused(string word) =>
        Assert.Equal("bad-usage", Assert.Throws<GodwitException>(() => CommandLine.Parse([word], TextWriter.Null)).Code);

    [Fact]
    public void A_file_that_was_named_must_be_there()
    {
        var e = Assert.Throws<GodwitException>(() => new CommandLine("/nonexistent/godwitd.toml").Load(Defaults));
        Assert.Contains("/nonexistent/godwitd.toml", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_named_file_is_read()
    {
        var path = Path.GetTempFileName();
        try
        {
            File.WriteAllText(path, "port = 9\n");
            var (config, missing) = new CommandLine(path).Load(Defaults);
            Assert.Equal(9, config.Port);
            Assert.Null(missing);
        }
        finally
        {
            File.Delete(path);
        }
    }
}
