using Godwit.Cli.Running;
using Godwit.Domains;

namespace Godwit.Cli.Tests.Running;

public sealed class ConnectionTests
{
    [Theory]
    [InlineData("/a.sock", "/b.sock", "/a.sock")]
    [InlineData(null, "/b.sock", "/b.sock")]
    [InlineData("", "/b.sock", "/b.sock")]
    public void The_option_comes_before_the_environment(string? option, string variable, string path)
    {
        using var around = new TestSurroundings(environment: new() { ["GODWIT_SOCKET"] = variable });
        Assert.Equal(path, Connection.FindSocket(option, around.Around, "/nonexistent/godwitd.sock", "/nonexistent"));
        Assert.Empty(around.Error);
    }

    [Fact]
    public void The_only_lab_of_the_machine_is_spoken_to_and_named()
    {
        var labs = Directory.CreateTempSubdirectory("gw").FullName;
        try
        {
            var socket = Touch(labs, "mine");
            Directory.CreateDirectory(Path.Combine(labs, "half-made"));
            using var around = new TestSurroundings();
            Assert.Equal(socket, Connection.FindSocket(null, around.Around, "/nonexistent/godwitd.sock", labs));
            Assert.Equal("godwit: no godwitd runs on this machine; speaking to storage of the lab mine\n", around.Error);

            Touch(labs, "another");
            var e = Assert.Throws<GodwitException>(() => Connection.FindSocket(null, around.Around, "/nonexistent/godwitd.sock", labs));
            Assert.Equal("no-daemon", e.Code);
            Assert.Contains("another, mine", e.Remedy, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(labs, recursive: true);
        }
    }

    [Fact]
    public void A_machine_of_its_own_is_not_a_lab()
    {
        var socket = Path.GetTempFileName();
        try
        {
            using var around = new TestSurroundings();
            Assert.Equal(socket, Connection.FindSocket(null, around.Around, socket, "/nonexistent"));
        }
        finally
        {
            File.Delete(socket);
        }
    }

    private static string Touch(string labs, string lab)
    {
        var run = Directory.CreateDirectory(Path.Combine(labs, lab, "storage", "run")).FullName;
        File.WriteAllText(Path.Combine(run, "godwitd.sock"), "");
        return Path.Combine(run, "godwitd.sock");
    }
}
