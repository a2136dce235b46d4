using System.Diagnostics;
using Godwit.Api;
using Godwit.Native.Processes;

namespace Godwit.Lab.Tests.EndToEnd;

/// <summary>The article's commands, word for word, by a link to the program that is called <c>xm</c>.</summary>
[Collection("lab")]
public sealed class XmTests(PoolFixture pool) : IClassFixture<PoolFixture>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ADomainIsCreatedListedAndMovedInXensWords()
    {
        Programs.Demand();
        await pool.WaitForAsync(d => d is { State: DomainState.Running, Host: "resource-1" }, "running");
        var bin = Directory.CreateTempSubdirectory("gwxm");
        try
        {
            var xm = Path.Combine(bin.FullName, "xm");
            File.CreateSymbolicLink(xm, Path.Combine(Programs.Directory, "godwit"));
            var config = Path.Combine(bin.FullName, "vm1");
            await File.WriteAllTextAsync(config,
                """
                name = "vm1"
                memory = 128
                kernel = "/boot/vmlinuz"
                ramdisk = "/boot/initrd"
                root = "/dev/hda1"
                vif = [ 'mac=aa:cc:00:00:00:01, bridge=xenbr0' ]
                disk = [ 'phy:vg_xen/lv_vm1,hda1,w' ]
                """, Token);

            var list = await XmAsync("resource-1", xm, "list");
            Assert.Equal("Name                                        ID   Mem VCPUs      State   Time(s)", list[0]);
            Assert.Matches(@"^Domain-0 {33}    0 +\d+ +\d+     r----- +\d+\.\d$", list[1]);
            Assert.Matches(@"^vm1 {38} *\d+   128     1     r----- +\d+\.\d$", list[2]);
            Assert.Equal(3, list.Length);

            await XmAsync("resource-1", xm, "destroy", "vm1");
            Assert.Equal(2, (await XmAsync("resource-1", xm, "list")).Length);
            Assert.Equal([$"Using config file \"{config}\".", "Started domain vm1"], await XmAsync("resource-1", xm, "create", config));

            await GuestActs.MoveAsync(pool.Lab, "vm1", "resource-1", () => XmAsync("resource-1", xm, "migrate", "--live", "vm1", "resource-2"), Token);
            Assert.Equal(2, (await XmAsync("resource-1", xm, "list")).Length);
            Assert.StartsWith("vm1 ", (await XmAsync("resource-2", xm, "list"))[2], StringComparison.Ordinal);
            // By its number and the host's address, as xm took them too.
            var id = Assert.Single(await XmAsync("resource-2", xm, "domid", "vm1"));
            await GuestActs.MoveAsync(pool.Lab, "vm1", "resource-2", () => XmAsync("resource-2", xm, "migrate", "-l", id, "10.9.0.11"), Token);
            await pool.WaitForAsync(d => d is { State: DomainState.Running, Host: "resource-1" }, "back");
            Assert.Contains("host                   : resource-1", await XmAsync("resource-1", xm, "info"));

            await SaveAndRestoreAsync(xm);
        }
        finally
        {
            bin.Delete(recursive: true);
        }
    }

    // Its memory goes into a file of its host and comes back; whoever is connected to the guest loses nothing but time.
    private async Task SaveAndRestoreAsync(string xm)
    {
        var refused = await pool.Lab.RunAsync("resource-1", [xm, "save", "vm1", "/var/tmp/file"], ct: Token);
        Assert.NotEqual(0, refused.ExitCode);
        Assert.Contains("godwit save vm1", refused.Error, StringComparison.Ordinal);

        await using var writer = await pool.OpenWriterAsync();
        var began = Stopwatch.GetTimestamp();
        Assert.StartsWith("vm1 is saved on resource-1, ", (await XmAsync("resource-1", xm, "save", "vm1"))[^1], StringComparison.Ordinal);
        var saved = Stopwatch.GetElapsedTime(began);
        await pool.AssertNothingOnAsync("resource-1");
        var domain = await pool.WaitForAsync(d => d.State == DomainState.Saved, "saved");
        Assert.InRange(domain.Saved!.SizeBytes, 10 << 20, 200 << 20);
        var file = Assert.Single(Directory.GetFiles(Path.Combine(pool.Lab.Paths.Host("resource-1", "lib"), "saved")));
        Assert.Equal(domain.Saved.SizeBytes, new FileInfo(file).Length);
        var moved = await pool.Lab.RunAsync("resource-1", [xm, "migrate", "vm1", "resource-2"], ct: Token);
        Assert.Contains("godwit restore vm1", moved.Error, StringComparison.Ordinal);
        // A daemon that starts anew leaves it as it is, and restores it once it has settled what the one before has left.
        await pool.KillDaemonAsync("resource-1");
        await pool.WaitForAsync(d => d.State == DomainState.Saved, "saved");

        var before = writer.Figures.Acknowledged;
        began = Stopwatch.GetTimestamp();
        Assert.Equal("vm1 is running on resource-1", (await XmAsync("resource-1", xm, "restore", "vm1"))[^1]);
        TestContext.Current.SendDiagnosticMessage(
            $"saved in {saved.TotalMilliseconds:F0} ms ({domain.Saved.SizeBytes >> 20} MiB), restored in {Stopwatch.GetElapsedTime(began).TotalMilliseconds:F0} ms");
        Assert.False(File.Exists(file));
        for (var i = 0; i < 100 && writer.Figures.Acknowledged <= before; i++)
            await Task.Delay(200, Token);
        var written = await writer.StopAsync();
        Assert.True(written.Unbroken);
        Assert.True(written.Acknowledged > before);
    }

    private async Task<string[]> XmAsync(string host, params string[] words)
    {
        var result = await pool.Lab.RunAsync(host, words, ct: Token);
        return result.Succeeded ? result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            : throw new ProgramFailedException(string.Join(' ', words), result);
    }
}
