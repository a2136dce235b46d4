using Godwit.Api;

namespace Godwit.Cli.Rendering;

/// <summary>What <c>godwit host list</c> prints.</summary>
internal static class HostTable
{
    public static void Write(TextWriter output, IEnumerable<HostInfo> hosts)
    {
        var table = new Table(
            new Column("Name", MinWidth: 12), "Address", "Roles", "Answers", "Version", "Engine", "Accel", Column.Number("Domains"));
        foreach (var h in hosts.OrderBy(h => h.Name, StringComparer.Ordinal))
        {
            var engine = h.Engine is null ? "" : h.EngineVersion is null ? h.Engine : $"{h.Engine}-{h.EngineVersion}";
            table.Add(h.Name, h.Address, string.Join(',', h.Roles), h.Reachable ? "yes" : "no", h.Version, engine,
                h.Accelerator ?? "", Units.Text($"{h.Domains}"));
        }
        table.Write(output);
    }
}
