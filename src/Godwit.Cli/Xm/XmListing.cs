using System.Globalization;
using Godwit.Api;

namespace Godwit.Cli.Xm;

/// <summary>What <c>xm list</c> and <c>xm info</c> print, in the columns that scripts cut out of them.</summary>
internal static class XmListing
{
    public static void Write(TextWriter output, IEnumerable<XmDomain> domains)
    {
        // Python's '%-40s %5s %5s %5s %10s %9s', and in the lines the time one narrower.
        output.WriteLine(Text($"{"Name",-40} {"ID",5} {"Mem",5} {"VCPUs",5} {"State",10} {"Time(s)",9}"));
        foreach (var d in domains)
            output.WriteLine(Text($"{d.Name,-40} {d.Id,5} {d.MemoryMiB,5} {d.VirtualCpus,5} {d.State,10} {d.CpuSeconds,8:0.0}"));
    }

    public static void WriteInfo(TextWriter output, HostFacts facts, HostInfo host)
    {
        Line("host", facts.Name);
        Line("release", facts.Kernel);
        Line("nr_cpus", Text($"{facts.Processors}"));
        Line("total_memory", Text($"{facts.MemoryMiB}"));
        Line("free_memory", Text($"{facts.FreeMemoryMiB}"));
        if (host.Engine is { } engine) Line("engine", $"{engine} {host.EngineVersion}".TrimEnd());
        if (host.Accelerator is { } accelerator) Line("accelerator", accelerator);
        Line("godwit_version", facts.Version);

        void Line(string word, string value) => output.WriteLine($"{word,-23}: {value}");
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
