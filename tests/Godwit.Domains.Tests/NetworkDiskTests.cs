namespace Godwit.Domains.Tests;

public sealed class NetworkDiskTests
{
    [Fact]
    public void What_can_be_written()
    {
        Assert.Equal(new NetworkDisk.Nbd("10.9.0.7", 10809, "vm1"), NetworkDisk.Parse("nbd://10.9.0.7/vm1"));
        Assert.Equal(new NetworkDisk.Nbd("fd00::1", 10810, ""), NetworkDisk.Parse("nbd://[fd00::1]:10810"));
        Assert.Equal(new NetworkDisk.Nbd("storage", 10809, "a disk"), NetworkDisk.Parse("nbd://storage/a%20disk"));
        Assert.Equal(new NetworkDisk.NbdUnix("/run/a.nbd", ""), NetworkDisk.Parse("nbd+unix:///?socket=/run/a.nbd"));
        Assert.Equal(new NetworkDisk.Rbd("pool", null, "vm1", null, null), NetworkDisk.Parse("rbd:pool/vm1"));
        Assert.Equal(new NetworkDisk.Rbd("pool", "space", "vm1", "godwit", "/etc/c.conf"), NetworkDisk.Parse("rbd:pool/space/vm1:conf=/etc/c.conf:id=godwit"));
    }

    [Theory]
    [InlineData("nbd:unix:/run/a")]
    [InlineData("nbd+tls://h/a")]
    [InlineData("nbd+unix:///a")]
    [InlineData("nbd+unix:///?socket=relative")]
    [InlineData("nbd://user@h/a")]
    [InlineData("nbd://h:99999/a")]
    [InlineData("rbd:")]
    [InlineData("rbd:a/b/c/d")]
    [InlineData("rbd:a//c")]
    [InlineData("rbd:a/b:conf=relative")]
    public void What_cannot(string target)
    {
        Assert.True(NetworkDisk.IsMeant(target));
        var refused = Assert.Throws<GodwitException>(() => NetworkDisk.Parse(target));
        Assert.Equal("bad-disk-target", refused.Code);
        Assert.Contains(target, refused.Message);
    }

    [Theory]
    [InlineData("vg_xen/lv_vm1")]
    [InlineData("/dev/sdb")]
    [InlineData("/srv/nbd://x")]
    public void What_is_none(string target) => Assert.False(NetworkDisk.IsMeant(target));
}
