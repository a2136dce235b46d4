namespace Godwit.Hypervisors.Qemu;

/// <summary>What the guest and QEMU call the disks of a domain.</summary>
internal static class DiskNames
{
    private const string NodePrefix = "disk";
    private const int Letters = 26;

    /// <summary>The guest's name as Linux gives it to virtio disks: vda … vdz, vdaa ….</summary>
    public static string Of(int index)
    {
        var suffix = "";
        for (var rest = index; rest >= 0; rest = rest / Letters - 1)
            suffix = (char)('a' + rest % Letters) + suffix;
        return "vd" + suffix;
    }

    /// <summary>The name of its block node in QEMU.</summary>
    public static string Node(int index) => $"{NodePrefix}{index}";

    /// <summary>The guest's name for a block node that QEMU speaks of.</summary>
    public static string OfNode(string? node) =>
        node is not null && node.StartsWith(NodePrefix, StringComparison.Ordinal)
            && int.TryParse(node.AsSpan(NodePrefix.Length), out var index)
            ? Of(index)
            : node ?? "a disk";
}
