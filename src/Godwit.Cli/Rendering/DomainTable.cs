using Godwit.Api;

namespace Godwit.Cli.Rendering;

/// <summary>What <c>godwit list</c> prints, after the habit of <c>xl list</c>.</summary>
internal static class DomainTable
{
    public static void Write(TextWriter output, IEnumerable<DomainInfo> domains)
    {
        var all = domains.OrderBy(d => d.Name, StringComparer.Ordinal).ToList();
        var table = new Table(
            new Column("Name", MinWidth: 24), new Column("Host", MinWidth: 12), Column.Number("Mem(MiB)"),
            Column.Number("VCPUs"), new Column("State", MinWidth: 9), Column.Number("Time(s)", 9), "Accel");
        foreach (var d in all)
        {
            table.Add(d.Name, d.Host, Units.Text($"{d.MemoryMiB}"), Units.Text($"{d.VirtualCpus}"), State(d.State),
                Units.Text($"{d.CpuSeconds:0.0}"), d.Accelerator);
        }
        table.Write(output);
        // A domain that waits for something must not look like one that is merely paused.
        foreach (var d in all)
        {
            if (d.Reason is not null) output.WriteLine($"{d.Name}: {d.Reason}");
            if (d.Waits is not null) output.WriteLine($"{d.Name}: {d.Waits}");
        }
    }

    public static string State(DomainState state) => state switch
    {
        DomainState.Running => "running",
        DomainState.Paused => "paused",
        DomainState.Starting => "starting",
        DomainState.Migrating => "migrating",
        DomainState.IoError => "io-error",
        DomainState.ShutOff => "shut-off",
        DomainState.Crashed => "crashed",
        DomainState.Settling => "settling",
        DomainState.Saved => "saved",
        DomainState.Saving => "saving",
        DomainState.Restoring => "restoring",
        _ => "unknown",
    };
}
