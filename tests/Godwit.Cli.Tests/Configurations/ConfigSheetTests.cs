using Godwit.Cli.Configurations;
using Godwit.Domains;

namespace Godwit.Cli.Tests.Configurations;

public sealed class ConfigSheetTests
{
    [Fact]
    public void Shows_what_the_articles_file_means_here()
    {
        var spec = new DomainSpec
        {
            Name = "vm1",
            MemoryMiB = 256,
            MaxMemoryMiB = 256,
            Kernel = "/boot/vmlinuz-xen",
            Ramdisk = "/boot/initrd-xen",
            Root = "/dev/hda1",
            CommandLine = "3",
            Disks = [new DiskSpec { Target = "xen/lv_vm1", Backend = DiskBackend.Block, VirtualDevice = "hda1" }],
            Interfaces = [new InterfaceSpec { Mac = MacAddress.Parse("aa:cc:00:00:00:01") }],
        };
        var report = new ConfigReport("vm1", true, spec, ["/dev/vda"], "/dev/vda", []);
        using var output = new StringWriter { NewLine = "\n" };
        ConfigSheet.Write(output, report);
        Assert.Equal(
            """
            name          vm1
            uuid          drawn when the domain is created
            memory        256 MiB
            vcpus         1
            kernel        /boot/vmlinuz-xen, from the host where the domain is created
            ramdisk       /boot/initrd-xen
            root          /dev/hda1 -> /dev/vda, as the guest names it
            extra         "3", handed to the kernel
            disk[0]       xen/lv_vm1 as hda1, raw, read-write -> /dev/vda
            vif[0]        aa:cc:00:00:00:01 on xenbr0
            on_poweroff   destroy: it is cleared away
            on_reboot     restart: it starts anew
            on_crash      destroy: it is cleared away

            """, output.ToString());
    }

    [Theory]
    [InlineData(GuestType.Pv, "type          pv, where the host has Xen\n")]
    [InlineData(GuestType.Pvh, "type          pvh, where the host has Xen\n")]
    [InlineData(GuestType.Hvm, "type          hvm, which no host with Xen takes here\n")]
    public void Shows_bounds_and_the_type_where_they_are_given(GuestType type, string line)
    {
        var spec = new DomainSpec { Name = "vm1", GuestType = type, MemoryMiB = 256, MaxMemoryMiB = 512, VirtualCpus = 1, MaxVirtualCpus = 4 };
        using var output = new StringWriter { NewLine = "\n" };
        ConfigSheet.Write(output, new ConfigReport("vm1", true, spec, [], null, []));
        Assert.Contains(line + "memory        256 MiB, up to 512 MiB\nvcpus         1, up to 4\n", output.ToString(), StringComparison.Ordinal);
    }
}
