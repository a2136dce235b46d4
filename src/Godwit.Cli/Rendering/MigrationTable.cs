using Godwit.Api;

namespace Godwit.Cli.Rendering;

/// <summary>What <c>godwit migration list</c> prints.</summary>
internal static class MigrationTable
{
    /// <summary>Orders moves, the latest last. Nobody knows when a lost one began; it is not over.</summary>
    public static DateTimeOffset Age(MigrationInfo migration) => migration.Began == default ? DateTimeOffset.MaxValue : migration.Began;

    public static void Write(TextWriter output, IEnumerable<MigrationInfo> migrations)
    {
        var all = migrations.OrderBy(Age).ToList();
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
