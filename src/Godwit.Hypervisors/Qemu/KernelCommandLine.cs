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
        if (spec.Root is { } root) words.Add("root=" + (RootDevice.Map(root, spec.Disks, DiskNames.Of) ?? root));
        if (!Words(spec.CommandLine).Any(word => word.StartsWith("console=", StringComparison.Ordinal))) words.Add(Console);
        if (spec.CommandLine.Length > 0) words.Add(spec.CommandLine);
        return string.Join(' ', words);
    }

    private static string[] Words(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
