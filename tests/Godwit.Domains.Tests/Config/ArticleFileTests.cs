using CsCheck;
using Godwit.Domains.Config;

namespace Godwit.Domains.Tests.Config;

/// <summary>The article's configuration file, as printed, and what becomes of it when it is damaged.</summary>
public sealed class ArticleFileTests
{
    private const string Article = """
        # -*- mode: python; -*-
        # configuration name:
        name = "vm1"
        # usable ram:
        memory = 256
        # kernel und initrd:
        kernel = "/boot/vmlinuz-xen"
        ramdisk = "/boot/initrd-xen"
        # boot device:
        root = "/dev/hda1"
        # boot to run level:
        extra = "3"
        # network interface:
        vif = [ 'mac=aa:cc:00:00:00:01, bridge=xenbr0' ]
        hostname = name
        # storage devices:
        disk = [ 'phy:xen/lv_vm1,hda1,w' ]

        """;

    [Fact]
    public void ItIsUnderstoodAsItStands()
    {
        var read = ConfigReader.Read(Article, "vm1");
        Assert.Empty(read.Diagnostics);
        var spec = read.Spec!;
        Assert.Equal(("vm1", 256, 256, 1), (spec.Name, spec.MemoryMiB, spec.MaxMemoryMiB, spec.VirtualCpus));
        Assert.Equal(("/boot/vmlinuz-xen", "/boot/initrd-xen", "/dev/hda1", "3"), (spec.Kernel, spec.Ramdisk, spec.Root, spec.CommandLine));
        Assert.Equal(new DiskSpec { Target = "xen/lv_vm1", Backend = DiskBackend.Block, VirtualDevice = "hda1" }, Assert.Single(spec.Disks));
        var nic = Assert.Single(spec.Interfaces);
        Assert.Equal((MacAddress.Parse("aa:cc:00:00:00:01"), "xenbr0"), (nic.Mac, nic.Bridge));
        Assert.Equal("/dev/vda", RootDevice.Map(spec.Root!, spec.Disks, _ => "vda"));
        Assert.Equal("vg_xen/lv_vm1", Nearest.To(spec.Disks[0].Target, ["vg_xen/lv_vm1", "vg_xen/lv_vm2", "data/web"]));
    }

    [Fact]
    public void WhatIsWrittenReadsBackAsTheSame()
    {
        var spec = ConfigReader.Read(Article, "vm1").Spec!;
        var again = ConfigReader.Read(SpecWriter.Write(spec), "written");
        Assert.Empty(again.Diagnostics);
        Assert.Equal(SpecWriter.Write(spec), SpecWriter.Write(again.Spec!));
    }

    /// <summary>Any damage gives errors in their places, never an exception.</summary>
    [Fact]
    public void DamagedFilesAreAnsweredWithDiagnosticsInTheirPlaces() =>
        Gen.Select(Gen.Int[0, Article.Length - 1], Gen.Int[0, 12], Gen.String[Gen.Char["[]()'\"\\\n#=+,;-%{:x0 \tif\u00e4\0"], 0, 6]).Sample(damage =>
        {
            var (at, cut, text) = damage;
            var damaged = Article[..at] + text + Article[Math.Min(Article.Length, at + cut)..];
            var read = ConfigReader.Read(damaged, "vm1");
            Assert.True(read.Spec is not null || read.Diagnostics.Any(d => d.Severity == Severity.Error));
            foreach (var diagnostic in read.Diagnostics)
            {
                Assert.InRange(diagnostic.Span.Offset, 0, damaged.Length);
                Assert.NotEmpty(DiagnosticRenderer.Render(diagnostic, damaged, "vm1"));
            }
        }, iter: 20_000);

    [Fact]
    public void DeepNestingAndLongFilesAreRefusedNotFollowed()
    {
        Assert.Null(ConfigReader.Read("name = " + new string('[', 100_000), "deep").Spec);
        Assert.Null(ConfigReader.Read(new string('#', ConfigReader.MaxLength + 1), "long").Spec);
        var doubling = "a = 'xxxxxxxxxx'\n" + string.Concat(Enumerable.Repeat("a = a + a\n", 40));
        Assert.Contains(ConfigReader.Read(doubling, "wide").Diagnostics, d => d.Message.Contains("longer than", StringComparison.Ordinal));
    }
}
