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

            await XmAsync("resource-1", xm, "migrate", "--live", "vm1", "resource-2");
            Assert.Equal(2, (await XmAsync("resource-1", xm, "list")).Length);
            Assert.StartsWith("vm1 ", (await XmAsync("resource-2", xm, "list"))[2], StringComparison.Ordinal);
            // By its number and the host's address, as xm took them too.
            var id = Assert.Single(await XmAsync("resource-2", xm, "domid", "vm1"));
            await XmAsync("resource-2", xm, "migrate", "-l", id, "10.9.0.11");
            await pool.WaitForAsync(d => d is { State: DomainState.Running, Host: "resource-1" }, "back");
            Assert.Contains("host                   : resource-1", await XmAsync("resource-1", xm, "info"));

            var refused = await pool.Lab.RunAsync("resource-1", [xm, "save", "vm1", "file"], ct: Token);
            Assert.Equal(2, refused.ExitCode);
            Assert.StartsWith("xm: godwit has nothing for xm save\n", refused.Error, StringComparison.Ordinal);
        }
        finally
        {
            bin.Delete(recursive: true);
        }
    }

    private async Task<string[]> XmAsync(string host, params string[] words)
    {
        var result = await pool.Lab.RunAsync(host, words, ct: Token);
        return result.Succeeded ? result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            : throw new ProgramFailedException(string.Join(' ', words), result);
    }
}
