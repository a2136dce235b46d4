using System.Collections.Immutable;
using Godwit.Domains;

namespace Godwit.Cli.Configurations;

/// <summary>
/// The names by which a guest of the QEMU driver sees its disks. They are virtio disks, which Linux names
/// <c>/dev/vda</c>, <c>/dev/vdb</c>, … in the order of the configuration, whatever it calls them; CD drives are
/// <c>/dev/sr0</c> and on, in an order of their own.
/// </summary>
internal static class GuestDevices
{
    public static IEnumerable<string> Of(ImmutableArray<DiskSpec> disks)
    {
        int disk = 0, drive = 0;
        foreach (var d in disks) yield return d.IsCdrom ? $"/dev/sr{drive++}" : $"/dev/vd{(char)('a' + disk++)}";
    }

    /// <summary>
    /// The root device as the guest has it. <c>/dev/hda1</c> is a whole disk where the configuration has a disk
    /// <c>hda1</c>, and the first partition of one where it has a disk <c>hda</c>. A label or UUID stays as it is.
    /// </summary>
    public static string MapRoot(string root, ImmutableArray<DiskSpec> disks)
    {
        const string directory = "/dev/";
        if (!root.StartsWith(directory, StringComparison.Ordinal)) return root;
        var (name, options) = root[directory.Length..].Split(' ', 2) is [var first, var rest] ? (first, " " + rest) : (root[directory.Length..], "");
        var devices = Of(disks).ToList();
        var whole = disks.Select((d, i) => (d.VirtualDevice, Device: devices[i])).ToList();
        if (whole.FirstOrDefault(d => d.VirtualDevice == name) is { Device: { } same }) return same + options;
        var disk = name.TrimEnd("0123456789".ToCharArray());
        return whole.FirstOrDefault(d => d.VirtualDevice == disk) is { Device: { } parent }
            ? parent + name[disk.Length..] + options
            : root;
    }
}
