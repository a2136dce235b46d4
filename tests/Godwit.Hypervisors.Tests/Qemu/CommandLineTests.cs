using Godwit.Domains;
using Godwit.Hypervisors.Qemu;

namespace Godwit.Hypervisors.Tests.Qemu;

public class CommandLineTests
{
    private static readonly DomainSpec Article = new()
    {
        Name = "vm1",
        MemoryMiB = 256,
        Root = "/dev/hda1",
        CommandLine = "3",
        Disks = [new DiskSpec { Target = "vg_xen/lv_vm1", Backend = DiskBackend.Block, VirtualDevice = "hda1" }],
    };

    [Fact]
    public void The_articles_root_is_the_whole_disk_and_a_console_is_added() =>
        Assert.Equal("root=/dev/vda console=ttyS0 3", KernelCommandLine.Make(Article));

    [Fact]
    public void A_console_that_is_given_is_left_alone() =>
        Assert.Equal("root=/dev/vda console=hvc0", KernelCommandLine.Make(Article with { CommandLine = "console=hvc0" }));

    [Theory]
    [InlineData(0, "vda")]
    [InlineData(25, "vdz")]
    [InlineData(26, "vdaa")]
    [InlineData(27, "vdab")]
    public void Disks_are_named_as_Linux_names_them(int index, string name) => Assert.Equal(name, DiskNames.Of(index));

    [Fact]
    public void Both_sides_build_the_same_machine()
    {
        var order = Order("/run/a,b/disk.sock");
        var directory = new RunDirectory("/run/x");
        var numbers = new InheritedDescriptors(3, 4, [], []);
        var source = CommandLine.Make(order, new QemuOptions(), directory, numbers, receiver: false);
        var destination = CommandLine.Make(order, new QemuOptions(), directory, numbers, receiver: true);
        Assert.Equal([.. source, "-incoming", "defer"], destination);
        Assert.Contains("pc-q35-7.2,", source[source.IndexOf("-machine") + 1], StringComparison.Ordinal);
        Assert.Contains("server.path=/run/a,,b/disk.sock,", source[source.IndexOf("-blockdev") + 1], StringComparison.Ordinal);
        Assert.Contains("werror=stop,rerror=stop", source[source.FindIndex(w => w.StartsWith("virtio-blk", StringComparison.Ordinal))], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(DiskSourceKind.Network, "nbd://[fd00::7]:10810/vm,1", "driver=nbd,node-name=disk0,server.type=inet,server.host=fd00::7,server.port=10810,export=vm,,1,reconnect-delay=86400")]
    [InlineData(DiskSourceKind.Network, "nbd+unix:///vm1?socket=/run/a.nbd", "driver=nbd,node-name=disk0,server.type=unix,server.path=/run/a.nbd,export=vm1,reconnect-delay=86400")]
    [InlineData(DiskSourceKind.Network, "rbd:pool/vm1", "driver=rbd,node-name=disk0,pool=pool,image=vm1")]
    [InlineData(DiskSourceKind.Network, "rbd:pool/ns/vm1:id=me:conf=/etc/c", "driver=rbd,node-name=disk0,pool=pool,image=vm1,namespace=ns,user=me,conf=/etc/c")]
    [InlineData(DiskSourceKind.SharedRawFile, "/nfs/a", "driver=file,node-name=disk0,filename=/nfs/a,cache.direct=on")]
    [InlineData(DiskSourceKind.SharedQcow2File, "/nfs/a", "driver=qcow2,node-name=disk0,cache.direct=on,file.driver=file,file.filename=/nfs/a,file.cache.direct=on")]
    public void Disks_that_other_hosts_have_too(DiskSourceKind kind, string path, string expected)
    {
        var order = Order("/run/disk.sock") with { Disks = [new DiskSource(kind, path, false)] };
        var words = CommandLine.Make(order, new QemuOptions(), new RunDirectory("/run/x"), new InheritedDescriptors(3, 4, [], []), receiver: false);
        Assert.Equal(expected + ",discard=unmap,read-only=off", words[words.IndexOf("-blockdev") + 1]);
    }

    [Theory]
    [InlineData("kvm", "size=262144K")]
    [InlineData("tcg", "size=262136K")]
    public void Emulated_memory_is_of_a_size_whose_writes_are_all_followed(string accelerator, string expected)
    {
        var order = Order("/run/disk.sock");
        order = order with { Pin = order.Pin with { Accelerator = accelerator } };
        var words = CommandLine.Make(order, new QemuOptions(), new RunDirectory("/run/x"), new InheritedDescriptors(3, 4, [], []), receiver: false);
        Assert.Equal(expected, words[words.IndexOf("-m") + 1]);
    }

    [Theory]
    [InlineData(true, "flags\t\t: fpu vmx sse", "kvm")]
    [InlineData(true, "flags\t\t: fpu svm", "kvm")]
    [InlineData(true, "flags\t\t: fpu sse", "tcg")]
    [InlineData(false, "flags\t\t: fpu vmx", "tcg")]
    [InlineData(true, "model name\t: vmx", "tcg")]
    public void KVM_is_taken_only_where_the_processor_virtualizes(bool device, string cpuInfo, string expected) =>
        Assert.Equal(expected, QemuProbe.ChooseAccelerator(device, cpuInfo));

    private static CopyOrder Order(string socket) => new()
    {
        Spec = Article,
        Pin = new EnginePin("qemu", "tcg", "pc-q35-7.2", "Nehalem-v1"),
        CopyId = Guid.NewGuid(),
        KernelPath = "/k",
        Disks = [new DiskSource(DiskSourceKind.NbdSocket, socket, false)],
    };
}
