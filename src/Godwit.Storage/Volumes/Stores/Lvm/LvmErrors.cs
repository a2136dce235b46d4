using System.Text.RegularExpressions;
using Godwit.Domains;
using Godwit.Native.Processes;

namespace Godwit.Storage.Volumes.Stores.Lvm;

/// <summary>What LVM says when it refuses, told apart by its English words (lvm2 2.03; the tests ask a real one).</summary>
internal static partial class LvmErrors
{
    private const string MoreRoom = "Delete volumes, or give the thin pool more room: lvextend -L +SIZE GROUP/POOL.";

    /// <summary>A thin pool that has no room for what would be written to another volume.</summary>
    public static GodwitException FullPool(string group, LogicalVolume pool) => new(
        StorageErrors.PoolFull, FormattableString.Invariant($"The thin pool {group}/{pool.Name} is {pool.DataPercent:0.0} % full."), MoreRoom);

    public static GodwitException Of(IReadOnlyList<string> command, ProgramResult result)
    {
        var said = Words(result);
        var (code, remedy) = said switch
        {
            _ when AboveThreshold().IsMatch(said) => (StorageErrors.PoolFull, MoreRoom),
            _ when NoSpace().IsMatch(said) => (StorageErrors.NoSpace, "Delete volumes, or give the group another disk: vgextend GROUP DEVICE."),
            _ when UnknownGroup().IsMatch(said) => (StorageErrors.NoSuchGroup, "`vgs` on the storage host shows the volume groups there are."),
            _ when Exists().IsMatch(said) => (StorageErrors.VolumeExists, "Choose another name, or remove it by lvremove on the storage host."),
            _ when Unknown().IsMatch(said) => (StorageErrors.NoSuchVolume, "`lvs` on the storage host shows the volumes there are."),
            _ when InUse().IsMatch(said) => (StorageErrors.VolumeInUse, "See on the storage host who has it open: lsblk, fuser -v /dev/GROUP/VOLUME."),
            _ when Name().IsMatch(said) => (StorageErrors.BadName, "LVM keeps some names and endings to itself: choose another name."),
            _ => (StorageErrors.LvmFailed, $"Try it on the storage host: {ProgramRunner.Quote(command)}"),
        };
        return new GodwitException(code, $"LVM refused: {said}", remedy);
    }

    // The last line is the reason nearly always; warnings come before it.
    private static string Words(ProgramResult result)
    {
        var lines = (result.Error.Length > 0 ? result.Error : result.Output)
            .Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Where(line => !line.StartsWith("WARNING", StringComparison.Ordinal)).ToList();
        return lines.Count > 0 ? string.Join(" ", lines) : $"it ended with exit code {result.ExitCode} and said nothing";
    }

    [GeneratedRegex("free space in (thin )?pool .* (is above|reached) threshold|out of data space", RegexOptions.IgnoreCase)]
    private static partial Regex AboveThreshold();

    [GeneratedRegex("insufficient (free|suitable allocatable) (space|extents|logical extents)|Insufficient free space", RegexOptions.IgnoreCase)]
    private static partial Regex NoSpace();

    [GeneratedRegex("Volume group \"[^\"]*\" not found|Volume group [^ ]+ not found|Cannot process volume group", RegexOptions.IgnoreCase)]
    private static partial Regex UnknownGroup();

    [GeneratedRegex("already exists in volume group", RegexOptions.IgnoreCase)]
    private static partial Regex Exists();

    [GeneratedRegex("Failed to find logical volume|not found in volume group|Logical volume [^ ]+ not found|Thin pool .* not found", RegexOptions.IgnoreCase)]
    private static partial Regex Unknown();

    [GeneratedRegex("in use\\.|is in use|contains a filesystem in use|is used by another device", RegexOptions.IgnoreCase)]
    private static partial Regex InUse();

    [GeneratedRegex("Names .* (are )?reserved|is reserved|Invalid (logical volume )?name|contains invalid characters", RegexOptions.IgnoreCase)]
    private static partial Regex Name();
}
