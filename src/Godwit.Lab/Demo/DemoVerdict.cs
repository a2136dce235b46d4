using System.Collections.Immutable;
using Godwit.Lab.Measure;

namespace Godwit.Lab.Demo;

/// <summary>Whether what was measured is what Godwit promises.</summary>
public static class DemoVerdict
{
    /// <summary>How far the parts of a downtime may be from the whole, in milliseconds.</summary>
    public const double PartsTolerance = 2;

    /// <summary>After the source is done with a domain its host's end must not be felt, beyond a busy machine's jitter.</summary>
    public const double PowerGapLimit = 1000;

    /// <summary>Every promise that was not kept, in words; empty when all were.</summary>
    /// <param name="expectedMigrations">How many were asked for.</param>
    public static ImmutableArray<string> Check(DemoReport report, int expectedMigrations)
    {
        var broken = ImmutableArray.CreateBuilder<string>();
        if (report.Migrations.Length != expectedMigrations)
            broken.Add($"{report.Migrations.Length} migrations instead of {expectedMigrations}");
        foreach (var (migration, number) in report.Migrations.Select((m, i) => (m, i + 1)))
        {
            var allowed = LossesAllowed(migration);
            if (migration.PingsLost > allowed)
                broken.Add($"migration {number} lost {migration.PingsLost} pings, {allowed} are allowed");
            var apart = Math.Abs(migration.DowntimePartsMs.Sum - migration.DowntimeMs);
            if (!(apart <= PartsTolerance))
                broken.Add(Invariant($"migration {number}: the parts of the downtime are {apart:F1} ms off its length"));
        }
        if (!(report.PowerPulled.LongestPingGapMs <= PowerGapLimit))
            broken.Add(Invariant($"{report.PowerPulled.LongestPingGapMs:F0} ms of silence when {report.PowerPulled.Host} lost its power"));
        if (report.PingsSent == 0) broken.Add("no ping was sent");
        if (report.PingsSent > 0 && report.PingsLost >= report.PingsSent) broken.Add("no ping was answered");
        if (report.WritesAcknowledged == 0) broken.Add("the writer reported nothing");
        if (report.WritesLost != 0) broken.Add($"{report.WritesLost} writes lost");
        if (!report.TcpUnbroken) broken.Add("the TCP connection broke");
        if (report.RunningCopies != 1) broken.Add($"{report.RunningCopies} copies of the domain instead of 1");
        if (!report.FilesystemClean) broken.Add("e2fsck found errors on the volume");
        return broken.DrainToImmutable();
    }

    /// <summary>As many pings as fall into the downtime, and one on its edge.</summary>
    internal static int LossesAllowed(MigrationFigures migration) =>
        (int)(migration.DowntimeMs / Pinger.Interval.TotalMilliseconds) + 1;

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}
