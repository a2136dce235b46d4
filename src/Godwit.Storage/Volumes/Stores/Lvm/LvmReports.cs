using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Godwit.Domains;

namespace Godwit.Storage.Volumes.Stores.Lvm;

/// <summary>A logical volume as <c>lvs</c> reports it.</summary>
/// <param name="Name">Without its group.</param>
/// <param name="SizeBytes">Its size.</param>
/// <param name="Tags">Its tags.</param>
/// <param name="Pool">Its thin pool; empty of one that is not thin.</param>
/// <param name="DataPercent">How much of a thin pool is full; null of what is none.</param>
/// <param name="IsActive">Its device is there.</param>
internal sealed record LogicalVolume(string Name, long SizeBytes, ImmutableArray<string> Tags, string Pool, double? DataPercent, bool IsActive);

/// <summary>A volume group as <c>vgs</c> reports it.</summary>
internal sealed record LvmGroup(string Name, long SizeBytes, long FreeBytes, long ExtentBytes);

/// <summary>
/// Reads what <c>--reportformat json</c> gives (lvmreport(7)): <c>{"report":[{"lv":[{…},…]}]}</c>, in which every value is a
/// text. Sizes are asked for in bytes and without a unit.
/// </summary>
internal static class LvmReports
{
    public const string VolumeFields = "lv_name,lv_size,lv_tags,pool_lv,data_percent,lv_active";
    public const string GroupFields = "vg_name,vg_size,vg_free,vg_extent_size";

    public static ImmutableArray<LogicalVolume> Volumes(string json) => [.. Rows(json).SelectMany(report => report.Lv).Select(row => new LogicalVolume(
        Text(row, "lv_name"), Bytes(row, "lv_size"), [.. Text(row, "lv_tags").Split(',', StringSplitOptions.RemoveEmptyEntries)],
        Text(row, "pool_lv"), Percent(row, "data_percent"), Text(row, "lv_active") == "active"))];

    public static ImmutableArray<LvmGroup> Groups(string json) => [.. Rows(json).SelectMany(report => report.Vg).Select(row => new LvmGroup(
        Text(row, "vg_name"), Bytes(row, "vg_size"), Bytes(row, "vg_free"), Bytes(row, "vg_extent_size")))];

    private static IReadOnlyList<LvmReport> Rows(string json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, LvmJson.Default.LvmReportFile)?.Report ?? throw NotUnderstood("it is empty", null);
        }
        catch (JsonException e)
        {
            throw NotUnderstood(e.Message, e);
        }
    }

    private static string Text(Dictionary<string, string> row, string field) =>
        row.TryGetValue(field, out var text) ? text : throw NotUnderstood($"it lacks {field}", null);

    private static long Bytes(Dictionary<string, string> row, string field) =>
        long.TryParse(Text(row, field), NumberStyles.None, CultureInfo.InvariantCulture, out var bytes)
            ? bytes : throw NotUnderstood($"{field} is '{Text(row, field)}'", null);

    private static double? Percent(Dictionary<string, string> row, string field) =>
        double.TryParse(Text(row, field), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var percent) ? percent : null;

    private static GodwitException NotUnderstood(string reason, Exception? inner) => new(
        StorageErrors.LvmFailed, $"LVM's report is not understood: {reason}.", "Godwit knows lvm2 2.03, as Debian 12 and 13 have it.", inner);
}

internal sealed record LvmReportFile(IReadOnlyList<LvmReport> Report);

internal sealed record LvmReport
{
    public IReadOnlyList<Dictionary<string, string>> Lv { get; init; } = [];

    public IReadOnlyList<Dictionary<string, string>> Vg { get; init; } = [];
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(LvmReportFile))]
internal sealed partial class LvmJson : JsonSerializerContext;
