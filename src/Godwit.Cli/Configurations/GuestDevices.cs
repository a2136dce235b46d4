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

    /// <summary>The root device as the guest has it; null when it names no disk.</summary>
    public static string? MapRoot(string root, ImmutableArray<DiskSpec> disks)
    {
        var devices = Of(disks).ToList();
        return RootDevice.Map(root, disks, i => devices[i]["/dev/".Length..]);
    }
}
