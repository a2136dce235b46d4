using Godwit.Domains.Config;

namespace Godwit.Domains.Tests.Config;

public sealed class DiagnosticTests
{
    private const string Minimal = "name = 'vm1'\nmemory = 128\n";

    [Theory]
    [InlineData("memroy = 5", Severity.Warning, "memroy is not a setting", "did you mean memory?")]
    [InlineData("vcpus = 0", Severity.Error, "vcpus = 0 is out of range", "between 1 and 512")]
    [InlineData("on_crash = 'restrat'", Severity.Error, "'restrat' is not something to do on crash", "did you mean restart?")]
    [InlineData("import os", Severity.Error, "'import' is Python", "write the values")]
    [InlineData("kernel = find()", Severity.Error, "the call of find() is Python", "write the values")]
    [InlineData("hostname = nmae", Severity.Error, "nmae is not set above", "did you mean name")]
    [InlineData("kernel = 'vmlinuz'", Severity.Error, "kernel is not an absolute path", "/boot/")]
    [InlineData("disk = [ 'phy:vg_xen/lv_vm1,foo,w' ]", Severity.Error, "'foo' is not the name of a disk", "xl-disk-configuration")]
    [InlineData("disk = [ 'phy:a/b,xvda,w', 'phy:a/c,xvda,w' ]", Severity.Error, "two disks are called xvda", "its own name")]
    [InlineData("vif = [ 'brigde=xenbr0' ]", Severity.Error, "did you mean bridge?", "xl-network-configuration")]
    [InlineData("vif = [ 'mac=01:00:00:00:00:01' ]", Severity.Error, "is a group address", "")]
    [InlineData("root = '/dev/sdb1'\ndisk = [ 'phy:a/b,xvda,w' ]", Severity.Error, "there is no such disk", "/dev/xvda")]
    [InlineData("vnc = 1", Severity.Note, "vnc means nothing here", "")]
    [InlineData("extra = 'unfinished", Severity.Error, "this string has no end", "close it")]
    public void WhatIsWrongIsSaidWithAWayOut(string line, Severity severity, string message, string hint)
    {
        var diagnostics = ConfigReader.Read(Minimal + line + "\n", "vm1").Diagnostics;
        Assert.Contains(diagnostics, d => d.Severity == severity
            && d.Message.Contains(message, StringComparison.Ordinal) && (d.Hint ?? "").Contains(hint, StringComparison.Ordinal) && d.Span.Line >= 3);
    }

    [Fact]
    public void AllErrorsComeAtOnceInTheOrderOfTheFile()
    {
        var lines = ConfigReader.Read("name = 'a/b'\nmemory = 'x'\nvcpus = [ ]\n", "vm1").Diagnostics.Select(d => d.Span.Line);
        Assert.Equal([1, 2, 3], lines);
    }

    [Fact]
    public void AnErrorShowsItsLineWithACaretUnderThePlace()
    {
        const string text = "name = 'vm1'\n\tmemory = 'lots'\n";
        var diagnostic = Assert.Single(ConfigReader.Read(text, "vm1").Diagnostics);
        Assert.Equal(
            "vm1:2:11: error: memory is a number of MiB, not a string\n    \tmemory = 'lots'\n    \t         ^~~~~~\n  write memory = 256",
            DiagnosticRenderer.Render(diagnostic, text, "vm1"));
    }

    [Theory]
    [InlineData("a = 1\nb = a\nmemory = b\n", 1)]
    [InlineData("memory = 0x100\n", 256)]
    [InlineData("memory = \"512\"\n", 512)]
    [InlineData("memory = 0o400; vcpus = 1\n", 256)]
    public void NumbersAndNames(string text, int expected)
    {
        var read = ConfigReader.Read("name = 'vm1'\n" + text, "vm1");
        if (expected < 4)
            Assert.Contains(read.Diagnostics, d => d.Message.Contains("out of range", StringComparison.Ordinal));
        else
            Assert.Equal(expected, read.Spec!.MemoryMiB);
    }

    [Theory]
    [InlineData("'phy:vg_xen/lv_vm1,hda1,w'", "vg_xen/lv_vm1", DiskBackend.Block, "hda1", DiskFormat.Raw, false)]
    [InlineData("'file:/srv/a.img,xvda,r'", "/srv/a.img", DiskBackend.File, "xvda", DiskFormat.Raw, true)]
    [InlineData("'tap:aio:/srv/a.img,sda,w'", "/srv/a.img", DiskBackend.File, "sda", DiskFormat.Raw, false)]
    [InlineData("'tap2:qcow2:/srv/a.q,xvdb,w'", "/srv/a.q", DiskBackend.File, "xvdb", DiskFormat.Qcow2, false)]
    [InlineData("'/dev/vg/guest,raw,xvda,rw'", "/dev/vg/guest", DiskBackend.Block, "xvda", DiskFormat.Raw, false)]
    [InlineData("'format=qcow2, vdev=xvda, access=ro, target=/srv/a,b=c.q'", "/srv/a,b=c.q", DiskBackend.File, "xvda", DiskFormat.Qcow2, true)]
    [InlineData("'vg/a,,xvda'", "vg/a", DiskBackend.Block, "xvda", DiskFormat.Raw, false)]
    public void DisksInBothForms(string entry, string target, DiskBackend backend, string device, DiskFormat format, bool readOnly)
    {
        var read = ConfigReader.Read(Minimal + $"disk = [ {entry}, ]\n", "vm1");
        var disk = Assert.Single(read.Spec!.Disks);
        Assert.Equal((target, backend, device, format, readOnly), (disk.Target, disk.Backend, disk.VirtualDevice, disk.Format, disk.ReadOnly));
    }

    [Fact]
    public void AnInterfaceWithoutAnAddressGetsTheSameOneEachTime()
    {
        var first = ConfigReader.Read(Minimal + "vif = [ '', 'bridge=br1' ]\n", "vm1").Spec!.Interfaces;
        var again = ConfigReader.Read(Minimal + "vif = [ '', 'bridge=br1' ]\n", "vm1").Spec!.Interfaces;
        Assert.Equal(first.Select(nic => nic.Mac), again.Select(nic => nic.Mac));
        Assert.Equal(2, first.Select(nic => nic.Mac).Distinct().Count());
        Assert.StartsWith("00:16:3e:", first[0].Mac.ToString(), StringComparison.Ordinal);
    }
}
