namespace Godwit.Lab.Demo;

/// <summary>The article's configuration file, with today's paths of kernel and ramdisk.</summary>
internal static class ArticleConfig
{
    public const string Kernel = "/boot/vmlinuz";
    public const string Ramdisk = "/boot/initrd.img";

    /// <summary>As printed: its disk is in a volume group <c>xen</c>, though the one made before is <c>vg_xen</c>.</summary>
    public const string AsPrinted =
        $"""
        # -*- mode: python; -*-
        # configuration name:
        name = "vm1"
        # usable ram:
        memory = 256
        # kernel und initrd:
        kernel = "{Kernel}"
        ramdisk = "{Ramdisk}"
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

    public static string Mended => AsPrinted.Replace("phy:xen/", "phy:vg_xen/", StringComparison.Ordinal);
}
