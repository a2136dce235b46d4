using Godwit.Domains.Config;

namespace Godwit.Domains.Tests.Config;

public sealed class DiskParserTests
{
    private const string Whole = "name = 'a'\nmemory = 64\n";

    [Theory]
    // xm
    [InlineData("phy:xen/lv_vm1,hda1,w", "xen/lv_vm1 Block hda1 Raw")]
    [InlineData("phy:/dev/sdb,xvda,r", "/dev/sdb Block xvda Raw ro")]
    [InlineData("phy: vg/a , xvda , w!", "vg/a Block xvda Raw")]
    [InlineData("phy:vg/a,xvda", "vg/a Block xvda Raw")]
    [InlineData("file:/x/a.img,sda1,w", "/x/a.img File sda1 Raw")]
    [InlineData("tap:aio:/x/a.img,xvda,w", "/x/a.img File xvda Raw")]
    [InlineData("tap:qcow2:/x/a,xvda,w", "/x/a File xvda Qcow2")]
    [InlineData("tap2:tapdisk:aio:/x/a,xvda,w", "/x/a File xvda Raw")]
    [InlineData("file:/x/a.iso,hdc:cdrom,r", "/x/a.iso File hdc Raw ro cdrom")]
    [InlineData("phy:vg/a,ioemu:hda,w", "vg/a Block hda Raw")]
    // xl
    [InlineData("/dev/vg/guest,,xvda", "/dev/vg/guest Block xvda Raw")]
    [InlineData("/dev/vg/guest,raw,xvda,rw", "/dev/vg/guest Block xvda Raw")]
    [InlineData("vg/guest,raw,xvda,ro", "vg/guest Block xvda Raw ro")]
    [InlineData("/x/a.img,raw,xvda,rw", "/x/a.img File xvda Raw")]
    [InlineData("/x/a,qcow2,xvda", "/x/a File xvda Qcow2")]
    [InlineData("/dev/vg/a,qcow2,xvda", "/dev/vg/a File xvda Qcow2")]
    [InlineData("format=raw, vdev=xvda, access=rw, target=/dev/vg/guest", "/dev/vg/guest Block xvda Raw")]
    [InlineData("vdev=xvdb,target=/x/a, b=c.img", "/x/a, b=c.img File xvdb Raw")]
    [InlineData("/x/a.iso,,hdc,cdrom", "/x/a.iso File hdc Raw ro cdrom")]
    [InlineData("vdev=hdc, devtype=cdrom, target=/x/a.iso", "/x/a.iso File hdc Raw ro cdrom")]
    [InlineData("vg/a,vdev=xvda,backendtype=qdisk", "vg/a File xvda Raw")]
    [InlineData("nbd://10.9.0.7:10810/vm1,raw,xvda,rw", "nbd://10.9.0.7:10810/vm1 Block xvda Raw")]
    [InlineData("rbd:pool/vm1:id=godwit:conf=/etc/ceph/ceph.conf,raw,xvda,w", "rbd:pool/vm1:id=godwit:conf=/etc/ceph/ceph.conf Block xvda Raw")]
    [InlineData("format=raw, vdev=hda, access=ro, backendtype=qdisk, target=rbd:pool/vm1", "rbd:pool/vm1 Block hda Raw ro")]
    [InlineData("/x/a,vdev=xvda,backendtype=phy,discard,script=none", "/x/a Block xvda Raw")]
    [InlineData("/x/a=b,raw,xvda", "/x/a=b File xvda Raw")]
    [InlineData("vg/a,,d0p1", "vg/a Block d0p1 Raw")]
    public void Forms(string entry, string expected)
    {
        var disk = Assert.Single(Specs.Read($"{Whole}disk = [ '{entry}' ]").Disks);
        Assert.Equal(expected,
            $"{disk.Target} {disk.Backend} {disk.VirtualDevice} {disk.Format}{(disk.ReadOnly ? " ro" : "")}{(disk.IsCdrom ? " cdrom" : "")}");
    }

    [Theory]
    [InlineData("phy:vg/a", "a disk in this form is PREFIX:TARGET,DEVICE,ACCESS")]
    [InlineData("phy:vg/a,xvda,w,more", "a disk in this form is PREFIX:TARGET,DEVICE,ACCESS")]
    [InlineData("phy:,xvda,w", "the disk has no target")]
    [InlineData("", "the disk has no target")]
    [InlineData("nbd://,raw,xvda,w", "'nbd://': it lacks a host, or has more than a host, a port and a name")]
    [InlineData("rbd:vm1,raw,xvda,w", "'rbd:vm1': an image of Ceph is named POOL/IMAGE or POOL/NAMESPACE/IMAGE")]
    [InlineData("rbd:pool/vm1:cache=on,raw,xvda,w", "'rbd:pool/vm1:cache=on': 'cache=on' is not an option of rbd; there are id=USER and conf=/FILE")]
    [InlineData("nbd://h/vm1,qcow2,xvda,w", "nbd://h/vm1 is raw: over the network it has no format of its own")]
    [InlineData("vg/a", "the disk has no name for the guest (vdev)")]
    [InlineData("vg/a,raw,sdz99x", "'sdz99x' is not the name of a disk in a guest, such as xvda, sda, hda or hda1")]
    [InlineData("vg/a,vmdk,xvda", "the format 'vmdk' is not supported; it is raw or qcow2")]
    [InlineData("tap:vhd:/x/a,xvda,w", "the format 'vhd' is not supported; it is raw or qcow2")]
    [InlineData("tap:qcow:/x/a,xvda,w", "the format 'qcow' is not supported; it is raw or qcow2")]
    [InlineData("phy:vg/a,xvda,x", "'x' is not an access; it is rw or ro")]
    [InlineData("vg/a,raw,xvda,rw,more", "'more' is one value too many for a disk")]
    [InlineData("vg/a,vdve=xvda", "'vdve' is not a property of a disk; did you mean vdev?")]
    [InlineData("vg/a,colour=red", "'colour' is not a property of a disk")]
    [InlineData("vg/a,vdev=xvda,devtype=tape", "'tape' is not a devtype; it is disk or cdrom")]
    [InlineData("vg/a,vdev=xvda,backendtype=nbd", "'nbd' is not a backend type; it is phy, tap or qdisk")]
    [InlineData("vdev=xvda,target=/x\\ty", "the disk's target has a control character in it")]
    public void Errors(string entry, string expected) =>
        Assert.Equal([$"3:10+{entry.Length + 2} {expected}"], Specs.Complaints($"{Whole}disk = [ '{entry}' ]"));
}
