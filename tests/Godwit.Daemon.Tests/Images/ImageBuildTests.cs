using Godwit.Api;
using Godwit.Daemon.Config;
using Godwit.Daemon.Tests.Hosting;
using Godwit.Lab;
using Godwit.Native.Processes;
using Godwit.Storage.Images;
using Godwit.Storage.Images.Build;

namespace Godwit.Daemon.Tests.Images;

/// <summary>Images built by real mmdebstrap from the mirrors of this machine.</summary>
public sealed class ImageBuildTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>The image that the lab's tests boot. Where it is cached already, it is looked at all the same.</summary>
    [Fact]
    public async Task AnImageOfDebianIsBuiltAndIsWhole()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "mmdebstrap makes files of root's");
        var directory = await LabImages.GetAsync(async (cache, token) =>
        {
            await using var storage = await TestHost.StartAsync("storage", null, Role.Storage);
            using var client = storage.Client();
            var (suite, packages) = (LabImages.Recipe.Suite, LabImages.Recipe.Packages);
            var job = await client.BuildImageAsync(new BuildImageRequest(LabImages.Name, suite) { Packages = packages }, token);
            var heard = await client.JobEventsAsync(job.Id, token).ToListAsync(token);
            Assert.Null(heard[^1].Result!.Error);
            Assert.Contains(heard, now => now.Step == "installing packages" && now.ExpectedSeconds > 1);
            Assert.All(heard.Zip(heard.Skip(1)), pair => Assert.True(pair.First.Share <= pair.Second.Share));
            var built = await client.GetImageAsync(LabImages.Name, token);
            Assert.Equal(("built", "bookworm", "cloud-init,cloud-guest-utils"), (built.Kind, built.Suite, string.Join(',', built.Packages)));
            await ProgramRunner.RunAsync(["cp", "-r", "--sparse=always", Path.Combine(storage.Config.StateDirectory, "images", LabImages.Name), cache], ct: token);
        }, Token);

        var disk = Path.Combine(directory, "disk.raw");
        var filesystem = BootDisk.FilesystemOn(disk);
        Assert.Equal(0, (await ProgramRunner.TryRunAsync(["e2fsck", "-fn", filesystem], ct: Token)).ExitCode);
        Assert.Equal("", await Ext4Files.ReadAsync(filesystem, "/etc/machine-id", Token));
        Assert.Contains("UUID=", await Ext4Files.ReadAsync(filesystem, "/etc/fstab", Token), StringComparison.Ordinal);
        var listed = await ProgramRunner.RunAsync(["debugfs", "-R", "ls -p /etc/ssh", filesystem], ct: Token);
        Assert.Contains("sshd_config", listed, StringComparison.Ordinal);
        Assert.DoesNotContain("ssh_host_", listed, StringComparison.Ordinal);
        Assert.Matches("(?m)^root:[*!]", await Ext4Files.ReadAsync(filesystem, "/etc/shadow", Token));
    }

    [Fact]
    public async Task APackageThatDoesNotExistIsNamedAndNothingIsLeft()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "mmdebstrap makes files of root's");
        await using var storage = await TestHost.StartAsync("storage", null, Role.Storage);
        using var client = storage.Client();
        var job = await client.BuildImageAsync(new BuildImageRequest("odd", "bookworm") { Packages = ["no-such-package-anywhere"] }, Token);
        var error = (await client.JobEventsAsync(job.Id, Token).LastAsync(Token)).Result!.Error!;
        Assert.Equal(("bad-package-name", "Debian bookworm has no package no-such-package-anywhere."), (error.Code, error.Message));
        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(storage.Config.StateDirectory, "images")));
    }

    [Fact]
    public async Task ABuildThatIsCancelledEndsItsProgramsAndLeavesNothing()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "mmdebstrap makes files of root's");
        await using var storage = await TestHost.StartAsync("storage", null, Role.Storage);
        var library = Path.Combine(storage.Config.StateDirectory, "images");
        using var client = storage.Client();
        var job = await client.BuildImageAsync(new BuildImageRequest("odd", "bookworm"), Token);
        JobEvent? last = null;
        await foreach (var now in client.JobEventsAsync(job.Id, Token))
        {
            if (now.Share > 0 && last is not { Share: > 0 })
                await client.CancelJobAsync(job.Id, Token);
            last = now;
        }
        Assert.Equal("job-cancelled", last!.Result!.Error!.Code);
        Assert.Empty(Directory.GetFileSystemEntries(library));
        Assert.DoesNotContain(library, await ProgramRunner.RunAsync(["ps", "-eo", "args="], ct: Token), StringComparison.Ordinal);
    }
}
