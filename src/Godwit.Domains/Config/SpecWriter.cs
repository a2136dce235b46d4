using System.Globalization;
using System.Text;

namespace Godwit.Domains.Config;

/// <summary>Writes a specification as a configuration file that reads back to the same.</summary>
public static class SpecWriter
{
    public static string Write(DomainSpec spec)
    {
        var output = new StringBuilder();
        Line("name", Quote(spec.Name));
        if (spec.Uuid != Guid.Empty)
            Line("uuid", Quote(spec.Uuid.ToString()));
        if (spec.GuestType is { } type)
            Line("type", Quote(type.ToString().ToLowerInvariant()));
        Line("memory", Number(spec.MemoryMiB));
        if (spec.MaxMemoryMiB > spec.MemoryMiB)
            Line("maxmem", Number(spec.MaxMemoryMiB));
        Line("vcpus", Number(spec.VirtualCpus));
        if (spec.MaxVirtualCpus > spec.VirtualCpus)
            Line("maxvcpus", Number(spec.MaxVirtualCpus));
        if (spec.Kernel is not null)
            Line("kernel", Quote(spec.Kernel));
        if (spec.Ramdisk is not null)
            Line("ramdisk", Quote(spec.Ramdisk));
        if (spec.Root is not null)
            Line("root", Quote(spec.Root));
        if (spec.CommandLine.Length > 0)
            Line("extra", Quote(spec.CommandLine));
        List("disk", spec.Disks.Select(Disk));
        List("vif", spec.Interfaces.Select(Interface));
        Line("on_poweroff", Action(spec.OnPowerOff));
        Line("on_reboot", Action(spec.OnReboot));
        Line("on_crash", Action(spec.OnCrash));
        return output.ToString();

        void Line(string name, string value) => output.Append(name).Append(" = ").Append(value).Append('\n');

        void List(string name, IEnumerable<string> entries)
        {
            var lines = entries.Select(entry => $"    {Quote(entry)},\n").ToList();
            if (lines.Count > 0)
                Line(name, $"[\n{string.Concat(lines)}]");
        }
    }

    private static string Disk(DiskSpec disk)
    {
        var properties = new List<string>
        {
            $"format={disk.Format.ToString().ToLowerInvariant()}",
            $"vdev={disk.VirtualDevice}",
            disk.ReadOnly ? "access=ro" : "access=rw",
            disk.Backend == DiskBackend.Block ? "backendtype=phy" : "backendtype=qdisk",
        };
        if (disk.IsCdrom)
            properties.Add("devtype=cdrom");
        // Last, for it takes the rest of the entry whatever is in it.
        properties.Add($"target={disk.Target}");
        return string.Join(", ", properties);
    }

    private static string Interface(InterfaceSpec nic)
    {
        var properties = new List<string> { $"mac={nic.Mac}", $"bridge={nic.Bridge}" };
        if (!nic.Addresses.IsEmpty)
            properties.Add($"ip={string.Join(' ', nic.Addresses)}");
        if (nic.Mtu is { } mtu)
            properties.Add($"mtu={Number(mtu)}");
        if (nic.Model is not null)
            properties.Add($"model={nic.Model}");
        return string.Join(", ", properties);
    }

    private static string Action(LifecycleAction action) => Quote(action.ToString().ToLowerInvariant());

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>A text as a configuration file has it, whatever is in it.</summary>
    public static string Quote(string text)
    {
        var output = new StringBuilder("\"");
        foreach (var c in text)
        {
            output.Append(c switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                _ => c.ToString(),
            });
        }
        return output.Append('"').ToString();
    }
}
