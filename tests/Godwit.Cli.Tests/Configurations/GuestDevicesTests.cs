using System.Collections.Immutable;
using Godwit.Cli.Configurations;
using Godwit.Domains;

namespace Godwit.Cli.Tests.Configurations;

public sealed class GuestDevicesTests
{
    [Fact]
    public void Disks_are_named_in_their_order_and_drives_apart() =>
        Assert.Equal(["/dev/vda", "/dev/sr0", "/dev/vdb"], GuestDevices.Of([Disk("xvdb"), Disk("hdc") with { IsCdrom = true }, Disk("sda")]));

    [Theory]
    [InlineData("/dev/hda1", "/dev/vda")]
    [InlineData("/dev/sda2", "/dev/vdb2")]
    [InlineData("/dev/sda", "/dev/vdb")]
    [InlineData("/dev/hda1 ro", "/dev/vda ro")]
    [InlineData("/dev/sda3 ro quiet", "/dev/vdb3 ro quiet")]
    [InlineData("LABEL=root", "LABEL=root")]
    public void The_root_is_a_disk_of_that_name_or_a_partition_of_one(string root, string seen) =>
        Assert.Equal(seen, GuestDevices.MapRoot(root, [Disk("hda1"), Disk("sda")]));

    [Fact]
    public void A_root_without_its_disk_is_none() => Assert.Null(GuestDevices.MapRoot("/dev/hda1", []));

    private static DiskSpec Disk(string device) => new() { Target = "vg_xen/a", Backend = DiskBackend.Block, VirtualDevice = device };
}
