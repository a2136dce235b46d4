using System.Collections.Immutable;

namespace Godwit.Domains.Config;

/// <summary>Names of settings, from xl.cfg(5) and from xm's examples.</summary>
internal static class KnownKeys
{
    /// <summary>Settings that have a meaning here.</summary>
    public static ImmutableHashSet<string> Understood { get; } =
    [
        "name", "uuid", "type", "builder", "memory", "maxmem", "vcpus", "maxvcpus", "kernel", "ramdisk", "root", "extra",
        "cmdline", "hostname", "disk", "vif", "on_poweroff", "on_shutdown", "on_reboot", "on_crash",
    ];

    /// <summary>Settings that xl knows and that change nothing here.</summary>
    public static ImmutableHashSet<string> Ignored { get; } =
    [
        "cpus", "cpus_soft", "cpu", "cpu_weight", "cpu_cap", "cap", "cpuid", "pool", "boot", "bootloader", "bootargs", "bootloader_args",
        "serial", "vnc", "vnclisten", "vncdisplay", "vncunused", "vncpasswd", "vncconsole", "vncviewer", "sdl", "opengl", "nographic",
        "stdvga", "vga", "videoram", "vfb", "spice", "spicehost", "spiceport", "spicetls_port", "spicepasswd", "keymap", "usb", "usbdevice",
        "usbversion", "usbctrl", "usbdev", "pci", "pci_permissive", "pci_msitranslate", "gfx_passthru", "rdm", "localtime",
        "rtc_timeoffset", "tsc_mode", "timer_mode", "acpi", "apic", "pae", "hpet", "hap", "nx", "nestedhvm", "viridian", "xen_platform_pci",
        "device_model", "device_model_version", "device_model_override", "device_model_args", "device_model_args_hvm",
        "device_model_args_pv", "firmware", "firmware_override", "bios", "bios_path_override", "acpi_firmware", "smbios_firmware",
        "seclabel", "init_seclabel", "driver_domain", "nomigrate", "claim_mode", "max_grant_frames", "max_maptrack_frames", "numa", "vnuma",
        "vuart", "gic_version", "soundhw", "vkb", "vsnd", "vdispl", "p9", "vtpm", "channel", "ioports", "irqs", "iomem", "event_channels",
        "altp2m", "vm_notify", "passthrough", "shadow_memory", "on_watchdog", "on_soft_reset", "suppress_spurious_page_faults", "e820_host",
        "pvh", "pvshim", "nics", "dhcp", "netmask", "gateway", "ip", "vif2", "nfs_server", "nfs_root", "features", "restart", "config_updates",
    ];

    public static IEnumerable<string> All => Understood.Concat(Ignored);
}
