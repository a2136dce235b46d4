using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace Godwit.Lab.Demo;

/// <summary>The report for a person.</summary>
internal static class DemoText
{
    public static string Write(DemoReport report, ImmutableArray<string> broken)
    {
        var text = new StringBuilder();
        void Line(FormattableString line) => text.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');

        Line($"migration                      total  downtime = stop + last round + device + commit + fence + resume   rounds      MiB  ping gap  lost");
        foreach (var m in report.Migrations)
        {
            var p = m.DowntimePartsMs;
            Line($"{m.From + " to " + m.To,-26} {m.TotalMs,6:F0} ms {m.DowntimeMs,6:F1} ms = {p.Stop,4:F1} + {p.LastRound,10:F1} + {p.DeviceState,6:F1} + {p.Commit,6:F1} + {p.Fence,5:F1} + {p.Resume,6:F1} {m.Rounds,8} {m.Bytes / 1048576.0,8:F1} {m.LongestPingGapMs,6:F0} ms {m.PingsLost,5}");
        }
        if (report.Migrations.Length > 0)
        {
            var downtimes = report.Migrations.Select(m => m.DowntimeMs).Order().ToArray();
            Line($"median downtime {downtimes[downtimes.Length / 2]:F1} ms, worst {downtimes[^1]:F1} ms");
        }
        Line($"");
        var power = report.PowerPulled;
        Line($"power of {power.Host} pulled:  longest ping gap {power.LongestPingGapMs:F0} ms, {power.PingsLost} lost");
        Line($"ping, every 10 ms:           {report.PingsSent} sent, {report.PingsLost} lost");
        Line($"writes with fsync:           {report.WritesAcknowledged} reported, {report.WritesLost} lost");
        Line($"TCP connection:              {(report.TcpUnbroken ? "never broke" : "BROKE")}");
        Line($"copies of the domain:        {report.RunningCopies}");
        Line($"file system:                 {(report.FilesystemClean ? "clean" : "NOT CLEAN")}");
        Line($"guest:                       {report.Image}, accelerator {report.Accelerator}");
        Line($"");
        if (broken.IsEmpty) Line($"All of it held.");
        foreach (var promise in broken) Line($"NOT KEPT: {promise}");
        return text.ToString();
    }
}
