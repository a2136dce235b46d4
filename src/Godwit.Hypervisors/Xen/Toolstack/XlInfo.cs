using System.Collections.Immutable;
using System.Globalization;

namespace Godwit.Hypervisors.Xen.Toolstack;

/// <summary>What <c>xl info</c> says of the host.</summary>
/// <param name="Version">Of the hypervisor, as in <c>4.17.5</c>.</param>
/// <param name="FreeMemoryMiB">Memory that no domain has; domain 0 gives none of its own.</param>
/// <param name="Capabilities">Of <c>virt_caps</c>: <c>pv</c>, <c>hvm</c>, <c>hap</c>, <c>shadow</c>.</param>
internal sealed record XlInfo(string Version, long FreeMemoryMiB, ImmutableHashSet<string> Capabilities)
{
    /// <summary>PV guests.</summary>
    public bool RunsParavirtual => Capabilities.Contains("pv");

    /// <summary>PVH guests: the processor helps, and their memory is mapped by it or by shadow paging.</summary>
    public bool RunsHardware => Capabilities.Contains("hvm") && (Capabilities.Contains("hap") || Capabilities.Contains("shadow"));

    /// <summary>Reads lines <c>name : value</c>.</summary>
    public static XlInfo Read(string output)
    {
        var values = new Dictionary<string, string>();
        foreach (var line in output.Split('\n'))
        {
            if (line.IndexOf(':', StringComparison.Ordinal) is var colon and > 0) values[line[..colon].Trim()] = line[(colon + 1)..].Trim();
        }
        return new XlInfo(
            values.GetValueOrDefault("xen_version", "unknown"),
            long.TryParse(values.GetValueOrDefault("free_memory"), CultureInfo.InvariantCulture, out var free) ? free : 0,
            [.. values.GetValueOrDefault("virt_caps", "").Split(' ', StringSplitOptions.RemoveEmptyEntries)]);
    }
}
