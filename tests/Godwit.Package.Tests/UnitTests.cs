using Godwit.Native.Processes;

namespace Godwit.Package.Tests;

/// <summary>What the package tells systemd.</summary>
public sealed class UnitTests(BuiltPackage package)
{
    [Fact]
    public async Task Systemd_has_nothing_against_the_unit()
    {
        var text = await File.ReadAllTextAsync(package.At("lib/systemd/system/godwitd.service"));
        var directory = Directory.CreateTempSubdirectory("gwv").FullName;
        try
        {
            // With the program where it is here.
            var unit = Path.Combine(directory, "godwitd.service");
            await File.WriteAllTextAsync(unit, text.Replace("=/usr/sbin/godwitd", "=" + package.At("usr/sbin/godwitd"), StringComparison.Ordinal));
            var result = await ProgramRunner.TryRunAsync(["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", unit]);
            Assert.Equal(("", 0), (result.Error, result.ExitCode));
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    /// <summary>Each of these would end, or take away, what a domain needs when the daemon ends.</summary>
    [Fact]
    public void The_end_of_the_daemon_ends_nothing_else()
    {
        var unit = File.ReadAllLines(package.At("lib/systemd/system/godwitd.service"));
        Assert.Contains("KillMode=process", unit);
        Assert.Contains("OOMPolicy=continue", unit);
        string[] harmful = ["RuntimeDirectory=", "PrivateTmp=", "PrivateNetwork=", "PrivateDevices=", "ProtectKernelTunables=", "MemoryDenyWriteExecute=", "RestrictNamespaces="];
        Assert.DoesNotContain(unit, line => harmful.Any(word => line.StartsWith(word, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Users_and_directories_are_made()
    {
        var root = Directory.CreateTempSubdirectory("gwu").FullName;
        try
        {
            Directory.CreateDirectory(Path.Combine(root, "etc"));
            await ProgramRunner.RunAsync(["systemd-sysusers", $"--root={root}", package.At("usr/lib/sysusers.d/godwit.conf")]);
            Assert.Contains(File.ReadLines(Path.Combine(root, "etc/group")), line => line.StartsWith("godwit:", StringComparison.Ordinal));
            Assert.Contains(File.ReadLines(Path.Combine(root, "etc/passwd")), line => line.StartsWith("godwit-qemu:", StringComparison.Ordinal));
            Assert.Contains(File.ReadLines(Path.Combine(root, "etc/group")), line => line.StartsWith("kvm:", StringComparison.Ordinal) && line.EndsWith(":godwit-qemu", StringComparison.Ordinal));
            await File.WriteAllTextAsync(Path.Combine(root, "etc/passwd"), "root:x:0:0::/root:/bin/sh\n");
            await File.WriteAllTextAsync(Path.Combine(root, "etc/group"), "root:x:0:\nadm:x:4:\n");
            await ProgramRunner.RunAsync(["systemd-tmpfiles", "--create", $"--root={root}", package.At("usr/lib/tmpfiles.d/godwit.conf")]);
            var modes = await ProgramRunner.RunAsync(
                ["stat", "-c", "%a", .. new[] { "run/godwit", "var/lib/godwit", "var/log/godwit" }.Select(path => Path.Combine(root, path))]);
            Assert.Equal("755\n700\n750\n", modes);
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    [Fact]
    public void A_purge_leaves_volumes_and_fences()
    {
        var script = File.ReadAllText(Path.Combine(package.Control, "postrm"));
        Assert.Contains("rm -rf /var/log/godwit", script, StringComparison.Ordinal);
        Assert.DoesNotContain("rm -rf /var/lib/godwit", script, StringComparison.Ordinal);
    }
}
