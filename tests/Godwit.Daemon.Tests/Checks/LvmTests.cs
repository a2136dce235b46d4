using Godwit.Api;
using Godwit.Daemon.Checks;

namespace Godwit.Daemon.Tests.Checks;

/// <summary>LVM's settings as <c>lvmconfig --type full</c> of LVM 2.03.16 printed them.</summary>
public sealed class LvmTests : IDisposable
{
    private const string Usual = "global_filter=[\"a|.*|\"]\nfilter=[\"a|.*|\"]\nuse_devicesfile=0\ndevicesfile=\"system.devices\"\nscan_lvs=0\n";
    private const string Filtered = "global_filter=[\"r|^/dev/etherd/|\",\"a|.*|\"]\nfilter=[\"a|.*|\"]\nuse_devicesfile=0\ndevicesfile=\"system.devices\"\nscan_lvs=0\n";

    private readonly string _directory = Directory.CreateTempSubdirectory("gwlvm").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void Without_the_kernels_driver_there_is_nothing_to_see()
    {
        JudgementTests.Is(FindingLevel.Ok, "not installed", LvmCheck.Judge(null, kernelDriver: true));
        JudgementTests.Is(FindingLevel.Ok, "no block devices", LvmCheck.Judge(Read(Usual), kernelDriver: false));
    }

    [Fact]
    public void With_it_the_filter_leaves_out_disks_of_guests()
    {
        JudgementTests.Is(FindingLevel.Error, "/dev/etherd", LvmCheck.Judge(Read(Usual), kernelDriver: true));
        JudgementTests.Is(FindingLevel.Ok, "leaves out /dev/etherd", LvmCheck.Judge(Read(Filtered), kernelDriver: true));
    }

    [Fact]
    public void What_lies_in_logical_volumes_is_guests() =>
        JudgementTests.Is(FindingLevel.Error, "scan_lvs", LvmCheck.Judge(Read(Usual.Replace("scan_lvs=0", "scan_lvs=1", StringComparison.Ordinal)), kernelDriver: false));

    [Theory]
    [InlineData("\"a|^/dev/sd|\",\"r|.*|\"", false)]
    [InlineData("\"r|^/dev/sd|\"", true)]
    [InlineData("\"a|.*|\",\"r|^/dev/etherd/|\"", true)]
    [InlineData("\"r/etherd/\"", false)]
    [InlineData("\"r|/dev/etherd/e[0-9]+\\\\.[0-9]+$|\"", false)]
    public void The_first_pattern_that_fits_decides(string filter, bool looks) =>
        Assert.Equal(looks, Read(Usual.Replace("global_filter=[\"a|.*|\"]", $"global_filter=[{filter}]", StringComparison.Ordinal)).LooksAt(LvmSettings.AoeDevice));

    [Fact]
    public void Both_filters_must_let_a_device_through() =>
        Assert.False(Read(Usual.Replace("\nfilter=[\"a|.*|\"]", "\nfilter=[\"r|^/dev/etherd/|\"]", StringComparison.Ordinal)).LooksAt(LvmSettings.AoeDevice));

    [Fact]
    public void A_file_of_devices_names_the_only_ones()
    {
        var listed = Usual.Replace("use_devicesfile=0", "use_devicesfile=1", StringComparison.Ordinal);
        // Without the file, LVM goes by its filters.
        Assert.True(Read(listed).LooksAt(LvmSettings.AoeDevice));
        File.WriteAllText(Path.Combine(_directory, "system.devices"), "VERSION=1.1.1\nIDTYPE=sys_wwid IDNAME=naa.5000 DEVNAME=/dev/sda3 PVID=abc\n");
        Assert.False(Read(listed).LooksAt(LvmSettings.AoeDevice));
        File.AppendAllText(Path.Combine(_directory, "system.devices"), "IDTYPE=devname IDNAME=/dev/etherd/e0.0 DEVNAME=/dev/etherd/e0.0 PVID=abd\n");
        Assert.True(Read(listed).LooksAt(LvmSettings.AoeDevice));
    }

    private LvmSettings Read(string output) => LvmSettings.Read(output, _directory);
}
