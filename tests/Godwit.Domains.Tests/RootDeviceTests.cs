namespace Godwit.Domains.Tests;

public sealed class RootDeviceTests
{
    private static DiskSpec Disk(string name) => new() { Target = "a/b", Backend = DiskBackend.Block, VirtualDevice = name };

    [Theory]
    [InlineData("/dev/hda1", "hda1", "/dev/vda")]
    [InlineData("/dev/hda1", "hda", "/dev/vda1")]
    [InlineData("/dev/hda1 ro", "hda1", "/dev/vda ro")]
    [InlineData("/dev/xvda12 ro quiet", "xvda", "/dev/vda12 ro quiet")]
    [InlineData("/dev/xvdb", "xvda xvdb", "/dev/vdb")]
    [InlineData("/dev/xvdb2", "xvda xvdb", "/dev/vdb2")]
    // Partitions given one by one are disks of their own, and go before a partition of the whole disk.
    [InlineData("/dev/hda2", "hda1 hda2", "/dev/vdb")]
    [InlineData("/dev/hda2", "hda hda2", "/dev/vdb")]
    [InlineData("/dev/hda", "hda1", null)]
    [InlineData("/dev/xvdc", "xvda xvdb", null)]
    [InlineData("/dev/hda12", "hda1", null)]
    [InlineData("LABEL=root ro", "xvda", "LABEL=root ro")]
    [InlineData("UUID=1234", "xvda", "UUID=1234")]
    [InlineData("/dev/nfs", "xvda", "/dev/nfs")]
    [InlineData("/dev/mapper/vg-root ro", "xvda", "/dev/mapper/vg-root ro")]
    [InlineData("/dev/sd/root", "xvda", "/dev/sd/root")]
    public void Table(string root, string disks, string? expected) => Assert.Equal(
        expected, RootDevice.Map(root, [.. disks.Split(' ').Select(Disk)], index => $"vd{(char)('a' + index)}"));
}
