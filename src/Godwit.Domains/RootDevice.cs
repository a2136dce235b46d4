using System.Collections.Immutable;
using System.Text.RegularExpressions;

namespace Godwit.Domains;

/// <summary>
/// Maps the root device that a configuration names to the name that a driver's guest has for it. In Xen a volume can
/// be given to the guest as a partition: with the disk <c>hda1</c>, <c>root=/dev/hda1</c> is the whole volume, and its
/// name elsewhere <c>/dev/vda</c>. With the disk <c>hda</c> it is the volume's first partition, <c>/dev/vda1</c>.
/// </summary>
public static partial class RootDevice
{
    private const string Directory = "/dev/";

    /// <param name="root">As configured; may be followed by options (<c>/dev/hda1 ro</c>).</param>
    /// <param name="disks">The disks of the domain.</param>
    /// <param name="nameDisk">The driver's name of a disk by its index, such as <c>vda</c>.</param>
    /// <returns>The guest's device, or null when the root names no disk of the domain.</returns>
    public static string? Map(string root, ImmutableArray<DiskSpec> disks, Func<int, string> nameDisk)
    {
        // LABEL=…, UUID=…, /dev/nfs and what lies under /dev/mapper are the guest's own affair.
        if (!DiskOfGuest().IsMatch(root))
            return root;
        var end = root.IndexOf(' ', StringComparison.Ordinal);
        var (name, options) = end < 0 ? (root[Directory.Length..], "") : (root[Directory.Length..end], root[end..]);
        if (IndexOf(disks, name) is { } whole)
            return Directory + nameDisk(whole) + options;
        var parent = name.TrimEnd(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
        return parent != name && IndexOf(disks, parent) is { } disk
            ? Directory + nameDisk(disk) + name[parent.Length..] + options
            : null;
    }

    [GeneratedRegex(@"\A/dev/(xvd|sd|hd|vd)[a-z]+\d*(\s|\z)", RegexOptions.CultureInvariant)]
    private static partial Regex DiskOfGuest();

    private static int? IndexOf(ImmutableArray<DiskSpec> disks, string virtualDevice)
    {
        for (var i = 0; i < disks.Length; i++)
        {
            if (disks[i].VirtualDevice == virtualDevice)
                return i;
        }
        return null;
    }
}
