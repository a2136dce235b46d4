using System.Globalization;
using System.Text;
using Godwit.Domains;

namespace Godwit.Hypervisors.Xen;

/// <summary>
/// The xl.cfg(5) text of a copy. All that the guest can see depends on the specification and the pin alone, so that every
/// host makes the same domain. What follows on its guest's end is the daemon's to decide: Xen keeps it as it is then.
/// </summary>
internal static class XlConfig
{
    /// <summary>Xen's console of a guest without serial ports.</summary>
    private const string Console = "console=hvc0";

    public static string Make(CopyDescription description, HotplugScripts scripts)
    {
        var (order, spec) = (description.Order, description.Order.Spec);
        var text = new StringBuilder();
        void Add(string name, string value) => text.Append(name).Append(" = ").Append(value).Append('\n');
        Add("name", Quote(spec.Name));
        if (spec.Uuid != Guid.Empty) Add("uuid", Quote(spec.Uuid.ToString()));
        Add("type", Quote(order.Pin.MachineType));
        Add("memory", Text(spec.MemoryMiB));
        Add("maxmem", Text(spec.MaxMemoryMiB));
        Add("vcpus", Text(spec.VirtualCpus));
        Add("maxvcpus", Text(spec.MaxVirtualCpus));
        if (order.KernelPath is { } kernel)
        {
            Add("kernel", Quote(kernel));
            if (order.RamdiskPath is { } ramdisk) Add("ramdisk", Quote(ramdisk));
            Add("cmdline", Quote(CommandLine(spec)));
        }
        else
        {
            throw new GodwitException(
                "no-kernel", $"{spec.Name} names no kernel, and Xen does not find one on its disk here.", "Give it a kernel and a ramdisk in its configuration.");
        }
        Add("vif", List(description.Ports.Select((port, i) => Interface(port, spec.Interfaces[i], scripts))));
        Add("disk", List(order.Disks.Select((disk, i) => Disk(spec, i, disk, scripts))));
        foreach (var end in (string[])["on_poweroff", "on_reboot", "on_crash", "on_watchdog"]) Add(end, Quote("preserve"));
        return text.ToString();
    }

    /// <summary>The guest's name of a disk: xvda … xvdz, xvdaa ….</summary>
    public static string NameDisk(int index)
    {
        const int Letters = 26;
        var suffix = "";
        for (var rest = index; rest >= 0; rest = rest / Letters - 1) suffix = (char)('a' + rest % Letters) + suffix;
        return "xvd" + suffix;
    }

    /// <summary>Xen's number of a disk of that name (docs/man/xen-vbd-interface.7): of the major 202, or of the longer form past xvdp.</summary>
    public static int DiskNumber(int index)
    {
        const int Short = 16, ShortBase = 202 << 8, LongBase = 1 << 28;
        return index < Short ? ShortBase | index << 4 : LongBase | index << 8;
    }

    private static string CommandLine(DomainSpec spec)
    {
        var words = new List<string>();
        if (spec.Root is { } root) words.Add("root=" + (RootDevice.Map(root, spec.Disks, NameDisk) ?? root));
        if (!spec.CommandLine.Split(' ').Any(word => word.StartsWith("console=", StringComparison.Ordinal))) words.Add(Console);
        if (spec.CommandLine.Length > 0) words.Add(spec.CommandLine);
        return string.Join(' ', words);
    }

    private static string Interface(GuestPort port, InterfaceSpec nic, HotplugScripts scripts) =>
        $"mac={port.Mac},bridge={port.Bridge},vifname={port.Device},script={scripts.Interface}"
        + (nic.Mtu is { } mtu ? string.Create(CultureInfo.InvariantCulture, $",mtu={mtu}") : "");

    private static string Disk(DomainSpec spec, int index, DiskSource disk, HotplugScripts scripts)
    {
        if (disk.Kind != DiskSourceKind.BlockDevice)
        {
            throw new GodwitException(
                "disk-not-for-engine",
                $"The disk {spec.Disks[index].Target} of {spec.Name} is no block device on this host, and Xen takes nothing else.",
                "Put it on a volume of the pool, and have this host attach those by the kernel's driver: modprobe aoe, or [storage] driver = \"kernel\".");
        }
        // The target takes the rest of the text, so it comes last.
        return $"format=raw,backendtype=phy,vdev={NameDisk(index)},access={(disk.ReadOnly ? "r" : "w")},script={scripts.Disk},target={disk.Path}";
    }

    private static string List(IEnumerable<string> items) => "[ " + string.Join(", ", items.Select(Quote)) + " ]";

    /// <summary>xl's strings end at their quote and know no way to have it within.</summary>
    private static string Quote(string value) => value.AsSpan().IndexOfAny('\n', '\r') >= 0 || (value.Contains('"') && value.Contains('\''))
        ? throw new GodwitException("not-for-engine", $"xl cannot be told this text: {value}", "Leave out its quotes or line ends.")
        : value.Contains('"') ? $"'{value}'" : $"\"{value}\"";

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);
}
