using Godwit.Aoe.Control;
using Godwit.Domains;
using Godwit.Storage.Groups;

namespace Godwit.Storage.Tests.Groups;

/// <summary>Reports of lvm2 2.03.16 about a group on an exported disk, as it printed them, and what is not fit to be fenced.</summary>
public sealed class GroupReportsTests
{
    private const string Device = "/dev/etherd/e1.0";

    private const string Devices =
        """
        {
              "report": [
                  {
                      "pv": [
                          {"pv_name":"/dev/etherd/e1.0", "pe_start":"1048576", "vg_extent_size":"4194304"}
                      ]
                  }
              ]
          }
        """;

    private const string Segments =
        """
        {
              "report": [
                  {
                      "seg": [
                          {"lv_name":"lv_vm1", "lv_size":"25165824", "segtype":"linear", "seg_start":"0", "seg_pe_ranges":"/dev/etherd/e1.0:0-3"},
                          {"lv_name":"lv_vm1", "lv_size":"25165824", "segtype":"linear", "seg_start":"16777216", "seg_pe_ranges":"/dev/etherd/e1.0:8-9"},
                          {"lv_name":"lv_vm2", "lv_size":"16777216", "segtype":"linear", "seg_start":"0", "seg_pe_ranges":"/dev/etherd/e1.0:4-7"}
                      ]
                  }
              ]
          }
        """;

    private const int Extent = 8192;
    private const int First = 2048;

    [Fact]
    public void Segments_are_sectors_of_the_disk()
    {
        var volumes = GroupReports.Volumes("vg_san", Device, Devices, Segments);
        Assert.Equal([("lv_vm1", 24L << 20), ("lv_vm2", 16L << 20)], volumes.Select(volume => (volume.Name, volume.SizeBytes)));
        Assert.Equal([new SectorRange(First, 4 * Extent), new SectorRange(First + 8 * Extent, 2 * Extent)], volumes[0].Sectors);
        Assert.Equal([new SectorRange(First + 4 * Extent, 4 * Extent)], volumes[1].Sectors);
    }

    [Fact]
    public void They_are_in_the_order_of_the_volume_and_those_that_follow_one_another_are_one()
    {
        var turned = Segments.Replace("lv_vm2", "lv_vm1", StringComparison.Ordinal).Replace("\"seg_start\":\"16777216\"", "\"seg_start\":\"33554432\"", StringComparison.Ordinal)
            .Replace("\"seg_start\":\"0\", \"seg_pe_ranges\":\"/dev/etherd/e1.0:4-7\"", "\"seg_start\":\"16777216\", \"seg_pe_ranges\":\"/dev/etherd/e1.0:4-7\"", StringComparison.Ordinal);
        Assert.Equal([new SectorRange(First, 10 * Extent)], Assert.Single(GroupReports.Volumes("vg_san", Device, Devices, turned)).Sectors);

        var back = Segments.Replace("\"seg_start\":\"0\", \"seg_pe_ranges\":\"/dev/etherd/e1.0:0-3\"", "\"seg_start\":\"8388608\", \"seg_pe_ranges\":\"/dev/etherd/e1.0:0-3\"", StringComparison.Ordinal)
            .Replace("\"seg_start\":\"16777216\"", "\"seg_start\":\"0\"", StringComparison.Ordinal);
        Assert.Equal(
            [new SectorRange(First + 8 * Extent, 2 * Extent), new SectorRange(First, 4 * Extent)], GroupReports.Volumes("vg_san", Device, Devices, back)[0].Sectors);
    }

    [Fact]
    public void A_group_without_volumes() =>
        Assert.Empty(GroupReports.Volumes("vg_san", Device, Devices, """{ "report": [ { "seg": [ ] } ] }"""));

    [Theory]
    [InlineData("\"linear\"", "\"thin\"", "vg_san/lv_vm1 is of the type thin: a fence holds linear volumes of one device.")]
    [InlineData("/dev/etherd/e1.0:8-9", "/dev/sdb1:8-9", "vg_san/lv_vm1 is partly on /dev/sdb1: a fence holds linear volumes of one device.")]
    [InlineData("e1.0:8-9", "e1.0:9-8", "LVM's report is not understood: seg_pe_ranges is '/dev/etherd/e1.0:9-8'.")]
    [InlineData("/dev/etherd/e1.0:8-9", "pvmove0", "LVM's report is not understood: seg_pe_ranges is 'pvmove0'.")]
    [InlineData("\"seg_start\":\"16777216\", ", "", "LVM's report is not understood: it lacks seg_start.")]
    [InlineData("\"25165824\"", "\"24.00m\"", "LVM's report is not understood: lv_size is '24.00m'.")]
    [InlineData("{", "", "LVM's report is not understood: ")]
    public void What_no_fence_can_hold_and_what_is_not_understood(string what, string with, string said)
    {
        var refused = Assert.Throws<GodwitException>(() => GroupReports.Volumes("vg_san", Device, Devices, Segments.Replace(what, with, StringComparison.Ordinal)));
        Assert.Equal(StorageErrors.LvmFailed, refused.Code);
        Assert.StartsWith(said, refused.Message, StringComparison.Ordinal);
        Assert.NotNull(refused.Remedy);
    }

    [Theory]
    [InlineData("\"1048576\"", "\"2097152\"", StorageErrors.LvmFailed, "The extents of vg_san have 4194304 bytes, and begin at byte 2097152, not at 1 MiB.")]
    [InlineData("e1.0", "e1.1", StorageErrors.NoSuchGroup, "/dev/etherd/e1.0 is no physical volume of vg_san.")]
    public void A_device_that_does_not_fit(string what, string with, string code, string said)
    {
        var refused = Assert.Throws<GodwitException>(() => GroupReports.Volumes("vg_san", Device, Devices.Replace(what, with, StringComparison.Ordinal), Segments));
        Assert.Equal((code, said), (refused.Code, refused.Message));
    }
}
