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
}
