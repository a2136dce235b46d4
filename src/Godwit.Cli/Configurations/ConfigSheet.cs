using Godwit.Cli.Rendering;
using Godwit.Domains;

namespace Godwit.Cli.Configurations;

/// <summary>What <c>config check</c> prints of a file that was understood: each key and what it means here.</summary>
internal static class ConfigSheet
{
    public static void Write(TextWriter output, ConfigReport report)
    {
        if (report.Spec is not { } spec) return;
        Line("name", spec.Name);
        Line("uuid", spec.Uuid == Guid.Empty ? "drawn when the domain is created" : spec.Uuid.ToString());
        if (spec.GuestType is { } type) Line("type", Type(type));
        Line("memory", DomainSheet.Memory(spec.MemoryMiB, spec.MaxMemoryMiB));
        Line("vcpus", DomainSheet.Processors(spec.VirtualCpus, spec.MaxVirtualCpus));
        if (spec.Kernel is null) Line("boot", "from the first disk");
        else Line("kernel", spec.Kernel + ", from the host where the domain is created");
        if (spec.Ramdisk is not null) Line("ramdisk", spec.Ramdisk);
        if (spec.Root is not null) Line("root", Root(spec.Root, report.Root));
        if (spec.CommandLine.Length > 0) Line("extra", $"\"{spec.CommandLine}\", handed to the kernel");
        for (var i = 0; i < spec.Disks.Length; i++)
            Line(Units.Text($"disk[{i}]"), $"{DomainSheet.Disk(spec.Disks[i])} -> {report.Devices[i]}");
        for (var i = 0; i < spec.Interfaces.Length; i++)
            Line(Units.Text($"vif[{i}]"), DomainSheet.Interface(spec.Interfaces[i]));
        Line("on_poweroff", Action(spec.OnPowerOff));
        Line("on_reboot", Action(spec.OnReboot));
        Line("on_crash", Action(spec.OnCrash));

        void Line(string word, string meaning) => DomainSheet.Line(output, word, meaning);
    }

    private static string Root(string configured, string? seen) =>
        seen is null ? $"{configured}, which is none of the disks below"
        : seen == configured ? configured
        : $"{configured} -> {seen}, as the guest names it";

    private static string Type(GuestType type) => type switch
    {
        GuestType.Pv => "pv, where the host has Xen",
        GuestType.Pvh => "pvh, where the host has Xen",
        _ => "hvm, which no host with Xen takes here",
    };

    private static string Action(LifecycleAction action) => action switch
    {
        LifecycleAction.Restart => "restart: it starts anew",
        LifecycleAction.Preserve => "preserve: it is kept as it is, for a look",
        _ => "destroy: it is cleared away",
    };
}
