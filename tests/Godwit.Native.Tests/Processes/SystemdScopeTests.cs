using Godwit.Native.Processes;

namespace Godwit.Native.Tests.Processes;

public sealed class SystemdScopeTests
{
    private static readonly Guid Mark = Guid.Parse("1a2b3c4d-0000-0000-0000-000000000000");

    [Fact]
    public void A_program_is_started_by_systemd_run_in_a_scope_with_its_name() => Assert.Equal(
        [
            "systemd-run", "--scope", "--quiet", "--collect", "--slice=godwit.slice", "--unit=godwit-vm1-1a2b3c4d.scope",
            "--description=Domain vm1", "--property=After=network.target", "--", "qemu", "-name", "vm1",
        ],
        new SystemdScope("vm1", "Domain vm1").Wrap(["qemu", "-name", "vm1"], Mark));

    [Theory]
    [InlineData("vm 1/é@x", "godwit-vm_1___x-1a2b3c4d.scope")]
    [InlineData("export-e0.1", "godwit-export-e0.1-1a2b3c4d.scope")]
    public void What_systemd_would_not_take_in_a_name_is_replaced(string label, string name) =>
        Assert.Contains($"--unit={name}", new SystemdScope(label, "").Wrap(["x"], Mark));

    [Fact]
    public void A_long_name_is_cut()
    {
        var unit = new SystemdScope(new string('a', 300), "").Wrap(["x"], Mark).Single(word => word.StartsWith("--unit=", StringComparison.Ordinal));
        Assert.InRange(unit.Length, 100, 255);
    }

    [Fact]
    public void Scopes_are_made_only_where_systemd_is_this_process_s_init()
    {
        var directory = Directory.CreateTempSubdirectory("gws").FullName;
        try
        {
            var (booted, init) = (Path.Combine(directory, "system"), Path.Combine(directory, "comm"));
            File.WriteAllText(init, "systemd\n");
            Assert.False(SystemdScope.IsSystemd(booted, init));
            Directory.CreateDirectory(booted);
            Assert.True(SystemdScope.IsSystemd(booted, init));
            // A host of the lab: the machine's /run is seen, but numbers of processes mean others to its systemd.
            File.WriteAllText(init, "unshare\n");
            Assert.False(SystemdScope.IsSystemd(booted, init));
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }
}
