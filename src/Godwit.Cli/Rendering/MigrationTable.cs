using Godwit.Api;

namespace Godwit.Cli.Rendering;

/// <summary>What <c>godwit migration list</c> prints.</summary>
internal static class MigrationTable
{
    /// <summary>
    /// The latest last, by their age and not by the clocks of their hosts, which may differ. Nobody knows when a lost one
    /// began; it is not over.
    /// </summary>
    public static IEnumerable<MigrationInfo> InOrder(IEnumerable<MigrationInfo> migrations) =>
        migrations.OrderByDescending(migration => migration.AgeSeconds ?? 0);

    public static void Write(TextWriter output, IEnumerable<MigrationInfo> migrations)
    {
        var all = InOrder(migrations).ToList();
        var table = new Table("ID", "Domain", "From", "To", "Step", "Ended", Column.Number("Total"), Column.Number("Downtime"));
        foreach (var m in all)
        {
            table.Add(m.Id.ToString(), m.Domain, m.From, m.To, m.Step, m.Result?.Ending ?? "",
                Short(m.Result?.TotalMilliseconds), Short(m.Result?.DowntimeMilliseconds));
        }
        table.Write(output);
        // A move that waits must not look like one that goes on.
        foreach (var m in all.Where(m => m.Waits is not null)) output.WriteLine($"{m.Domain}: {m.Waits}");
    }

    private static string Short(double? milliseconds) =>
        milliseconds is { } ms ? Units.Milliseconds(ms).Replace(" ", "", StringComparison.Ordinal) : "";
}
