using System.Net;
using Godwit.Daemon.Config;
using Godwit.Domains;

namespace Godwit.Daemon.Tests.Config;

public sealed class KeptSettingsTests : IDisposable
{
    private static readonly LocalDefaults Defaults = new("here", IPAddress.Parse("10.9.0.1"));

    private static readonly HostSettings Kept = new()
    {
        Name = "storage",
        Address = IPAddress.Parse("10.9.0.10"),
        Roles = ["storage", "registry"],
        Interfaces = ["eth1", "eth2"],
    };

    private readonly string _directory = Directory.CreateTempSubdirectory("gwk").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void What_was_kept_holds_at_the_next_start()
    {
        KeptSettings.Save(_directory, Kept);
        var config = Load("");
        Assert.Equal(("storage", "10.9.0.10:8002"), (config.Name, config.Endpoint));
        Assert.Equal(["storage", "registry"], config.Roles);
        Assert.Equal(["eth1", "eth2"], config.Storage.Interfaces);
        Assert.Equal(HostSettings.None, config.Said);
    }

    [Fact]
    public void The_administrators_file_goes_before_it_key_by_key()
    {
        KeptSettings.Save(_directory, Kept);
        var config = Load("address = \"10.8.0.1\"\n[storage]\ninterface = \"eth9\"\n");
        Assert.Equal(("storage", "10.8.0.1:8002"), (config.Name, config.Endpoint));
        Assert.Equal(["storage", "registry"], config.Roles);
        Assert.Equal(["eth9"], config.Storage.Interfaces);
        Assert.Equal(("10.8.0.1", null), (config.Said.Address!.ToString(), config.Said.Roles));
    }

    [Fact]
    public void A_host_that_nothing_is_known_of_goes_by_defaults()
    {
        KeptSettings.Save(_directory, HostSettings.None);
        Assert.Equal(("here", "compute"), (Load("").Name, Assert.Single(Load("").Roles)));
    }

    [Fact]
    public void A_damaged_file_is_named()
    {
        File.WriteAllText(Path.Combine(_directory, "godwitd.toml"), "roles = [\"comptue\"]\n");
        var e = Assert.Throws<GodwitException>(() => Load(""));
        Assert.StartsWith(Path.Combine(_directory, "godwitd.toml") + ":1:10: roles knows", e.Message, StringComparison.Ordinal);
    }

    private DaemonConfig Load(string file)
    {
        var path = Path.Combine(_directory, "administrators.toml");
        File.WriteAllText(path, $"state_dir = \"{_directory}\"\n{file}");
        return new CommandLine(path).Load(Defaults).Config;
    }
}
