using System.Text;

namespace Godwit.Storage.Images;

/// <summary>
/// Finds the modules that a guest needs in an unpacked kernel package, with what they depend on and in the order in
/// which they can be loaded. The package has no index of dependencies (depmod makes it on installation), but each
/// module names its own.
/// </summary>
internal static class KernelModules
{
    /// <summary>
    /// Disk, network, file system (ext4 asks for crc32c by name only, so that it is no dependency), the power
    /// button with the input device on which it is heard, and disk and network as Xen has them.
    /// </summary>
    public static readonly IReadOnlyList<string> Wanted =
        ["virtio_pci", "virtio_blk", "virtio_net", "crc32c_generic", "ext4", "button", "evdev", "xen_blkfront", "xen_netfront"];

    /// <param name="directory">The package's <c>lib/modules/VERSION</c>.</param>
    /// <returns>Files; a module comes after all that it depends on. A module built into the kernel is left out.</returns>
    public static IReadOnlyList<string> InLoadOrder(string directory, IEnumerable<string> wanted)
    {
        var files = Directory.EnumerateFiles(directory, "*.ko", SearchOption.AllDirectories)
            .ToDictionary(f => Normalize(Path.GetFileNameWithoutExtension(f)));
        List<string> ordered = [];
        HashSet<string> seen = [];
        foreach (var module in wanted) Visit(Normalize(module));
        return ordered;

        void Visit(string module)
        {
            if (!seen.Add(module) || !files.TryGetValue(module, out var file)) return;
            foreach (var dependency in Dependencies(File.ReadAllBytes(file))) Visit(Normalize(dependency));
            ordered.Add(file);
        }
    }

    /// <summary>
    /// Reads the <c>.modinfo</c> section's <c>depends=a,b</c> (Linux scripts/mod/modpost.c): texts with a zero at
    /// their ends, told apart from other bytes by the zero before.
    /// </summary>
    internal static IReadOnlyList<string> Dependencies(ReadOnlySpan<byte> module)
    {
        var at = module.IndexOf("\0depends="u8);
        if (at < 0) return [];
        var list = module[(at + "\0depends=".Length)..];
        return Encoding.ASCII.GetString(list[..list.IndexOf((byte)0)])
            .Split(',', StringSplitOptions.RemoveEmptyEntries);
    }

    private static string Normalize(string module) => module.Replace('-', '_');
}
