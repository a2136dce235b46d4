using System.Net;
using Godwit.Daemon.Config;
using Godwit.Domains;
using Godwit.Storage.Attachments;
using Godwit.Storage.Volumes;

namespace Godwit.Daemon.Tests.Config;

public sealed class ConfigFileTests
{
    private static readonly LocalDefaults Defaults = new("here", IPAddress.Parse("10.9.0.1"));

    [Fact]
    public void An_empty_file_means_the_defaults()
    {
        var config = ConfigFile.Parse("", "f.toml", Defaults);
        Assert.Equal("here", config.Name);
        Assert.Equal("10.9.0.1:8002", config.Endpoint);
        Assert.Equal(["compute"], config.Roles);
        Assert.Equal("/run/godwit/godwitd.sock", config.SocketPath);
        Assert.Empty(config.Storage.Interfaces);
        Assert.Equal(DiskDriver.Auto, config.Storage.Driver);
        Assert.Null(config.Failpoints);
    }

    [Fact]
    public void Every_key_is_read()
    {
        var config = ConfigFile.Parse(
            """
            name = "storage"
            address = "fd00::1"
            port = 9002
            roles = ["storage", "registry", "storage"]
            state_dir = "/s"
            run_dir = "/r"
            log_dir = "/l"
            [storage]
            interface = "san0"   # apart from the guests' bridge
            aoe_tool = "/opt/godwit-aoe"
            driver = "kernel"
            [[storage.groups]]
            name = "vg_xen"
            path = "/srv/vg_xen"
            [[storage.groups]]
            name = "vg_two"
            kind = "lvm"
            [[storage.groups]]
            name = "vg_three"
            kind = "lvm"
            thin_pool = "pool"
            [compute]
            qemu = "/opt/qemu"
            user = "godwit-qemu"
            [test]
            failpoints = "/f"
            """, "f.toml", Defaults);
        Assert.Equal("[fd00::1]:9002", config.Endpoint);
        Assert.Equal(["storage", "registry"], config.Roles);
        Assert.Equal(("/s", "/r", "/l"), (config.StateDirectory, config.RunDirectory, config.LogDirectory));
        Assert.Equal(("san0", "/opt/godwit-aoe"), (Assert.Single(config.Storage.Interfaces), config.Storage.AoeTool));
        Assert.Equal(DiskDriver.Kernel, config.Storage.Driver);
        Assert.Equal([GroupDefinition.OfDirectory("vg_xen", "/srv/vg_xen"), GroupDefinition.OfLvm("vg_two"), GroupDefinition.OfLvm("vg_three", "pool")], config.Storage.Groups);
        Assert.Equal(("/opt/qemu", "godwit-qemu", "/f"), (config.Compute.Qemu, config.Compute.User, config.Failpoints));
    }

    [Fact]
    public void The_storage_network_may_have_several_interfaces()
    {
        var config = ConfigFile.Parse("[storage]\ninterface = [\"san0\", \"san1\", \"san0\"]\n", "f.toml", Defaults);
        Assert.Equal(["san0", "san1"], config.Storage.Interfaces);
        foreach (var bad in new[] { "[]", "[\"san0\", 1]", "\"\"", "1" })
            Assert.Throws<GodwitException>(() => ConfigFile.Parse($"[storage]\ninterface = {bad}\n", "f.toml", Defaults));
    }

    [Fact]
    public void An_unknown_key_is_shown_in_its_line_with_the_nearest_known_one() => Assert.Equal(
        """
        f.toml:2:1: the file has no key adress. Did you mean address?
            adress = "10.9.0.2"
            ^
        """, Refusal("name = \"a\"\nadress = \"10.9.0.2\"\n"));

    [Theory]
    [InlineData("port = 0", "f.toml:1:8: port must be a number between 1 and 65535.")]
    [InlineData("port = \"x\"", "f.toml:1:8: port must be a number between 1 and 65535.")]
    [InlineData("roles = [\"compute\", \"storrage\"]", "f.toml:1:21: roles knows compute, storage, registry. Did you mean storage?")]
    [InlineData("roles = \"compute\"", "f.toml:1:9: roles must be a list. Write roles = [\"compute\"].")]
    [InlineData("name = \"Big\"", "f.toml:1:8: 'Big' cannot be the name of a host.")]
    [InlineData("address = \"storage\"", "f.toml:1:11: 'storage' is not an IP address.")]
    [InlineData("state_dir = \"here\"", "f.toml:1:13: state_dir must be an absolute path.")]
    [InlineData("[strage]", "f.toml:1:2: There is no table [strage]. Did you mean storage?")]
    [InlineData("[storage]\ndriver = \"kernal\"", "f.toml:2:10: driver knows auto, kernel, godwit. Did you mean kernel?")]
    [InlineData("[storage]\ngroups = 1", "f.toml:2:1: [storage] has no key groups.")]
    [InlineData("[storage.groups]\nname = \"a\"", "f.toml:1:2: Write [[storage.groups]], once for each group.")]
    [InlineData("[[storage.groups]]\nname = \"vg\"", "f.toml:1:3: A group of volumes needs a path, or kind = \"lvm\".")]
    [InlineData("[[storage.groups]]\nkind = \"lvm\"", "f.toml:1:3: A group of volumes needs a name.")]
    [InlineData("[[storage.groups]]\nname = \"a\"\nkind = \"zfs\"", "f.toml:3:8: There is no kind 'zfs' of group.")]
    [InlineData("[[storage.groups]]\nname = \"a\"\nkind = \"lvm\"\npath = \"/x\"", "f.toml:4:8: A group of LVM has no path: it is the volume group of its name.")]
    [InlineData("[[storage.groups]]\nname = \"a\"\npath = \"/x\"\nthin_pool = \"p\"", "f.toml:4:13: Only a group of LVM has a thin pool.")]
    [InlineData("[[storage.groups]]\nname = \"a/b\"\npath = \"/x\"", "f.toml:2:8: 'a/b' cannot be the name of a group of volumes.")]
    [InlineData("name = ", "f.toml:1:")]
    public void Mistakes_are_refused_with_their_place(string text, string begins) =>
        Assert.StartsWith(begins, Refusal(text), StringComparison.Ordinal);

    [Fact]
    public void All_mistakes_come_at_once()
    {
        var lines = Refusal("port = 0\nrols = []\n[compute]\nusr = \"x\"\n").Split('\n');
        Assert.Equal(["f.toml:1:8", "f.toml:4:1", "f.toml:2:1"], lines.Where(line => line.StartsWith("f.toml", StringComparison.Ordinal)).Select(line => line.Split(": ")[0]));
    }

    private static string Refusal(string text) =>
        Assert.Throws<GodwitException>(() => ConfigFile.Parse(text, "f.toml", Defaults)).Message;
}
