using Godwit.Domains;

namespace Godwit.Hypervisors.Qemu;

/// <summary>The guest kernel's command line.</summary>
internal static class KernelCommandLine
{
    /// <summary>QEMU's first serial port, which is the domain's console.</summary>
    private const string Console = "console=ttyS0";

    public static string Make(DomainSpec spec)
    {
        var words = new List<string>();
        if (spec.Root is { } root) words.Add("root=" + MapRoot(spec, root));
        if (!Words(spec.CommandLine).Any(word => word.StartsWith("console=", StringComparison.Ordinal))) words.Add(Console);
        if (spec.CommandLine.Length > 0) words.Add(spec.CommandLine);
        return string.Join(' ', words);
    }

    /// <summary>
    /// The root device by the guest's name for it. The configuration's names need not exist in the guest: a disk given as
    /// <c>hda1</c> is a whole disk there, and of a disk <c>hda</c> the root may be a partition.
    /// </summary>
    private static string MapRoot(DomainSpec spec, string root)
    {
        const string Devices = "/dev/";
        var name = root.StartsWith(Devices, StringComparison.Ordinal) ? root[Devices.Length..] : null;
        if (name is null) return root; // LABEL=, UUID= and the like hold everywhere.
        for (var i = 0; i < spec.Disks.Length; i++)
            if (spec.Disks[i].VirtualDevice == name) return Devices + DiskNames.Of(i);
        var disk = name.TrimEnd("0123456789".ToCharArray());
        for (var i = 0; i < spec.Disks.Length; i++)
            if (spec.Disks[i].VirtualDevice == disk) return Devices + DiskNames.Of(i) + name[disk.Length..];
        return root;
    }

    private static string[] Words(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
