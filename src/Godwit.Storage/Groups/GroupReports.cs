using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Godwit.Aoe.Control;
using Godwit.Domains;
using Godwit.Storage.Volumes;

namespace Godwit.Storage.Groups;

/// <summary>
/// Reads where the volumes of a group lie, from what <c>lvs</c> and <c>pvs</c> report (lvmreport(7)), in bytes and without units:
/// <code>
///   pvs -o pe_start,vg_extent_size            1048576, 4194304
///   lvs --segments -o seg_pe_ranges,…         /dev/etherd/e1.2:0-3            extents 0 to 3 of that device
/// </code>
/// </summary>
internal static class GroupReports
{
    public const string DeviceFields = "pv_name,pe_start,vg_extent_size";
    public const string SegmentFields = "lv_name,lv_size,segtype,seg_start,seg_pe_ranges";
    private const int SectorBytes = 512;

    /// <exception cref="GodwitException">A report is not understood, or a volume is made so that no fence can hold it.</exception>
    public static ImmutableArray<GroupVolume> Volumes(string group, string device, string devices, string segments)
    {
        var row = Rows(devices).SelectMany(report => report.Pv).FirstOrDefault(row => Text(row, "pv_name") == device)
            ?? throw new GodwitException(StorageErrors.NoSuchGroup, $"{device} is no physical volume of {group}.", $"See on this host: pvs --devices {device}");
        var (start, extent) = (Number(row, "pe_start"), Number(row, "vg_extent_size"));
        if (start != SharedGroup.Metadata.Length * SectorBytes || extent <= 0 || extent % SectorBytes != 0)
        {
            throw new GodwitException(StorageErrors.LvmFailed, $"The extents of {group} have {extent} bytes, and begin at byte {start}, not at 1 MiB.",
                "Make the group anew: pvcreate --dataalignment 1m.");
        }
        return [.. Rows(segments).SelectMany(report => report.Seg)
            .GroupBy(segment => Text(segment, "lv_name"))
            .Select(volume => new GroupVolume(volume.Key, Number(volume.First(), "lv_size"),
                Joined([.. volume.OrderBy(segment => Number(segment, "seg_start")).SelectMany(segment => Ranges(group, device, segment)).Select(range => new SectorRange(
                    (start + range.First * extent) / SectorBytes, (range.Last - range.First + 1) * extent / SectorBytes))])))];
    }

    private static IEnumerable<(long First, long Last)> Ranges(string group, string device, Dictionary<string, string> segment)
    {
        // What lies under another volume (thin ones, snapshots, mirrors) shares its blocks with others, or has parts with other names; stripes
        // change places so often that nobody would want a range for each.
        if (Text(segment, "segtype") is not "linear" and var type)
            throw Unfit(group, segment, $"of the type {type}");
        foreach (var range in Text(segment, "seg_pe_ranges").Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            var colon = range.LastIndexOf(':');
            if (colon < 0 || range[(colon + 1)..].Split('-') is not [var first, var last]
                || !TryNumber(first, out var begins) || !TryNumber(last, out var ends) || ends < begins)
                throw NotUnderstood($"seg_pe_ranges is '{range}'", null);
            if (range[..colon] != device)
                throw Unfit(group, segment, $"partly on {range[..colon]}");
            yield return (begins, ends);
        }
    }

    private static ImmutableArray<SectorRange> Joined(List<SectorRange> parts)
    {
        var joined = ImmutableArray.CreateBuilder<SectorRange>();
        foreach (var part in parts)
        {
            if (joined.Count > 0 && joined[^1].End == part.Start)
                joined[^1] = joined[^1] with { Length = joined[^1].Length + part.Length };
            else
                joined.Add(part);
        }
        return joined.ToImmutable();
    }

    private static List<GroupReport> Rows(string json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, GroupReportJson.Default.GroupReportFile)?.Report ?? throw NotUnderstood("it is empty", null);
        }
        catch (JsonException e)
        {
            throw NotUnderstood(e.Message, e);
        }
    }

    private static string Text(Dictionary<string, string> row, string field) =>
        row.TryGetValue(field, out var text) ? text : throw NotUnderstood($"it lacks {field}", null);

    private static long Number(Dictionary<string, string> row, string field) =>
        TryNumber(Text(row, field), out var number) ? number : throw NotUnderstood($"{field} is '{Text(row, field)}'", null);

    private static bool TryNumber(string text, out long number) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);

    private static GodwitException Unfit(string group, Dictionary<string, string> segment, string how) => new(
        StorageErrors.LvmFailed, $"{group}/{Text(segment, "lv_name")} is {how}: a fence holds linear volumes of one device.",
        "Keep such volumes in groups of the storage host.");

    private static GodwitException NotUnderstood(string reason, Exception? inner) => new(
        StorageErrors.LvmFailed, $"LVM's report is not understood: {reason}.", "Godwit knows lvm2 2.03, as Debian 12 and 13 have it.", inner);
}

internal sealed record GroupReportFile(List<GroupReport> Report);

internal sealed record GroupReport
{
    public List<Dictionary<string, string>> Seg { get; init; } = [];

    public List<Dictionary<string, string>> Pv { get; init; } = [];
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(GroupReportFile))]
internal sealed partial class GroupReportJson : JsonSerializerContext;
