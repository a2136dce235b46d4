using Godwit.Domains;
using Godwit.Native.Processes;
using Godwit.Storage.Images;

namespace Godwit.Storage.Tests.Images;

public sealed class ImageWriterTests : IDisposable
{
    private const long GiB = 1L << 30;
    private readonly string _directory = Directory.CreateTempSubdirectory("godwit-image-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task TheVolumeHoldsTheImageGrownWithTheDomainsOwnFilesAndStaysSparse()
    {
        var image = await SmallImageAsync();
        var volume = Path.Combine(_directory, "volume");
        await using (var file = File.Create(volume))
        {
            file.Write(new byte[] { 1, 2, 3 }); // what an earlier owner left, at the end as well
            file.SetLength(5 * GiB);
            file.Seek(-3, SeekOrigin.End);
            file.Write(new byte[] { 1, 2, 3 });
        }

        await ImageWriter.WriteAsync(image, volume, new GuestCustomization
        {
            HostName = "vm1",
            Address = "10.9.0.100/24",
            Gateway = "10.9.0.1",
            Password = "it's secret",
            Flags = ["/etc/flag"],
        }, CancellationToken.None);

        Assert.Equal(0, (await ProgramRunner.TryRunAsync(["e2fsck", "-fn", volume])).ExitCode);
        Assert.Equal("vm1\n", await Ext4Files.ReadAsync(volume, "/etc/hostname", CancellationToken.None));
        Assert.Equal("", await Ext4Files.ReadAsync(volume, "/etc/flag", CancellationToken.None));
        var shadow = await Ext4Files.ReadAsync(volume, "/etc/shadow", CancellationToken.None);
        Assert.Matches(@"^root:\$6\$[^:]+:19000:0:99999:7:::\ndaemon:\*:1::::::\n$", shadow);
        var size = await ProgramRunner.RunAsync(["dumpe2fs", "-h", volume]);
        Assert.Matches(@"Block count:\s+1310720\n", size);
        Assert.Equal(5 * GiB, new FileInfo(volume).Length);
        var kilobytes = (await ProgramRunner.RunAsync(["du", "-k", volume])).Split('\t')[0];
        Assert.True(int.Parse(kilobytes) < 50_000, kilobytes + " KiB are taken");
    }

    [Fact]
    public async Task AVolumeSmallerThanTheImageIsRefusedUntouched()
    {
        var image = await SmallImageAsync();
        var volume = Path.Combine(_directory, "volume");
        await File.WriteAllTextAsync(volume, "precious");
        var refusal = await Assert.ThrowsAsync<GodwitException>(() => ImageWriter.WriteAsync(image, volume,
            new GuestCustomization { HostName = "vm1", Address = "10.9.0.100/24", Password = "x" },
            CancellationToken.None));
        Assert.Equal("volume-too-small", refusal.Code);
        Assert.Equal("precious", await File.ReadAllTextAsync(volume));
    }

    [Fact]
    public async Task AFileThatIsNotThereIsAnError() =>
        Assert.Equal("no-such-file", (await Assert.ThrowsAsync<GodwitException>(async () => await Ext4Files.ReadAsync(
            (await SmallImageAsync()).RootFilesystemPath, "/etc/none", CancellationToken.None))).Code);

    [Theory]
    [InlineData("10.9.0.100/24", "255.255.255.0")]
    [InlineData("10.9.0.100/8", "255.0.0.0")]
    [InlineData("10.9.0.100/32", "255.255.255.255")]
    public void ThePrefixBecomesAMask(string address, string mask) =>
        Assert.Contains($"    address 10.9.0.100\n    netmask {mask}\n",
            ImageWriter.Interfaces(new GuestCustomization { HostName = "vm1", Address = address }),
            StringComparison.Ordinal);

    [Theory]
    [InlineData("10.9.0.100")]
    [InlineData("10.9.0.100/")]
    [InlineData("10.9.0.100/0")]
    [InlineData("10.9.0.100/33")]
    public void AnAddressWithoutPrefixIsRefused(string address) =>
        Assert.Throws<GodwitException>(() =>
            ImageWriter.Interfaces(new GuestCustomization { HostName = "vm1", Address = address }));

    [Theory]
    [InlineData("root:$y$abc:1::::::\n", "$y$abc")]
    [InlineData("root:*:1::::::\n", null)]
    [InlineData("root::1::::::\n", null)]
    [InlineData("root:!$6$locked:1::::::\n", null)]
    [InlineData("other:$6$x:1::::::\n", null)]
    public void OnlyAUsablePasswordOfTheHostIsTaken(string shadow, string? hash) =>
        Assert.Equal(hash, RootPassword.Find(shadow));

    private async Task<GuestImage> SmallImageAsync()
    {
        var tree = new RootTree(Path.Combine(_directory, "tree"));
        tree.FixUp();
        tree.Write("/etc/shadow", "root:*:19000:0:99999:7:::\ndaemon:*:1::::::\n");
        var root = Path.Combine(_directory, "root.ext4");
        await tree.MakeFilesystemAsync(root, 16 << 20, CancellationToken.None);
        return new GuestImage
        {
            Name = "small",
            KernelPath = "/none",
            RamdiskPath = "/none",
            RootFilesystemPath = root,
            BusyboxPath = "busybox",
        };
    }
}
