using System.Text.Json;
using Godwit.Domains;
using Godwit.Native.Processes;
using Godwit.Storage.Images.Build;

namespace Godwit.Storage.Tests.Images;

/// <summary>The beginning of a built disk, as sfdisk(8) reads it.</summary>
public sealed class BootDiskTests : IDisposable
{
    private const long MiB = 1L << 20;
    private readonly TemporaryDirectory _directory = new();

    private string Disk => _directory.File("disk");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task ItHasOnePartitionThatIsActiveAndTakesTheRest()
    {
        Make(64 * MiB);
        Assert.Equal((2048, 63 * 2048, "83", true), await OnlyPartitionAsync());
        var head = await File.ReadAllBytesAsync(Disk);
        Assert.Equal([.. Boot[..440], 0, 0, 0, 0, 0, 0], head[..446]);
        Assert.Equal(Core, head[512..(512 + Core.Length)]);
    }

    [Theory]
    [InlineData(5L << 30, 5 * 1024L * 2048 - 2048)]
    [InlineData((5L << 30) + 1536, 5 * 1024L * 2048 - 2048)]
    [InlineData(2L << 40, (2L << 40) / 512 - 2048)]
    public async Task ThePartitionGrowsWithTheDiskAndTheLoaderStays(long bytes, long sectors)
    {
        Make(64 * MiB);
        await using (var disk = new FileStream(Disk, FileMode.Open))
        {
            disk.SetLength(bytes);
            BootDisk.GrowPartition(disk, bytes);
        }
        Assert.Equal((2048, sectors, "83", true), await OnlyPartitionAsync());
        await using var head = File.OpenRead(Disk);
        var sector = new byte[512];
        head.ReadExactly(sector);
        Assert.Equal(Boot[..440], sector[..440]);
    }

    [Fact]
    public async Task ADiskOfAnotherKindIsLeftAsItIs()
    {
        await File.WriteAllBytesAsync(Disk, new byte[MiB]);
        await ProgramRunner.RunAsync(["sfdisk", "-q", Disk], "label: dos\nstart=64, size=100, type=83\nstart=200, size=100, type=83\n");
        var before = await File.ReadAllBytesAsync(Disk);
        await using (var disk = new FileStream(Disk, FileMode.Open))
            Assert.Equal("bad-image-disk", Assert.Throws<GodwitException>(() => BootDisk.GrowPartition(disk, 2 * MiB)).Code);
        Assert.Equal(before, await File.ReadAllBytesAsync(Disk));
    }

    [Fact]
    public void ALoaderThatReachesIntoThePartitionIsRefused()
    {
        using var disk = new MemoryStream();
        Assert.Equal("image-build-failed", Assert.Throws<GodwitException>(() => BootDisk.WriteHead(disk, Boot, new byte[MiB], 64 * MiB)).Code);
        Assert.Equal(0, disk.Length);
    }

    private static byte[] Boot { get; } = [.. Enumerable.Range(0, 512).Select(i => (byte)(i | 1))];

    private static byte[] Core { get; } = [.. Enumerable.Range(0, 3000).Select(i => (byte)i)];

    private void Make(long bytes)
    {
        using var disk = new FileStream(Disk, FileMode.Create);
        disk.SetLength(bytes);
        BootDisk.WriteHead(disk, Boot, Core, bytes);
    }

    private async Task<(long Start, long Size, string Type, bool Active)> OnlyPartitionAsync()
    {
        var table = JsonDocument.Parse(await ProgramRunner.RunAsync(["sfdisk", "--json", Disk])).RootElement.GetProperty("partitiontable");
        Assert.Equal("dos", table.GetProperty("label").GetString());
        var only = Assert.Single(table.GetProperty("partitions").EnumerateArray());
        return (only.GetProperty("start").GetInt64(), only.GetProperty("size").GetInt64(), only.GetProperty("type").GetString()!, only.GetProperty("bootable").GetBoolean());
    }
}
