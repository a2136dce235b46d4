using System.Globalization;
using Godwit.Lab;
using Godwit.Native.Processes;
using Godwit.Storage.Images;

namespace Godwit.Faults;

/// <summary>
/// Looks at the volume as it is at one instant, while the guest goes on: the target stands still for the moment of a
/// copy, the copy's file system journal is replayed as after a power loss, and then it has to be clean and complete.
/// </summary>
internal static class DiskProof
{
    /// <param name="lab">Whose volume.</param>
    /// <param name="acknowledged">Last line that the guest has said is durable.</param>
    /// <returns>What is wrong; null when nothing is.</returns>
    public static async Task<string?> FindFaultAsync(FaultLab lab, long acknowledged, CancellationToken ct)
    {
        var copy = Path.Combine(Path.GetTempPath(), $"godwit-faults-{Path.GetRandomFileName()}.img");
        try
        {
            await CopyAsync(lab, copy, ct);
            await ProgramRunner.TryRunAsync(["e2fsck", "-E", "journal_only", "-y", copy], ct: ct);
            var check = await ProgramRunner.TryRunAsync(["e2fsck", "-f", "-n", copy], ct: ct);
            return check.ExitCode != 0
                ? $"the file system is not clean: {check.Output.Trim()}"
                : FindGap(await Ext4Files.ReadAsync(copy, LabGuest.WriterLog, ct), acknowledged);
        }
        finally
        {
            File.Delete(copy);
        }
    }

    /// <summary>
    /// The lines of the log follow each other from the first to the last that was acknowledged: two writers at once, or
    /// a write that an old copy made late, would have left a gap, a repetition or rubbish.
    /// </summary>
    internal static string? FindGap(string log, long acknowledged)
    {
        long expected = 1;
        // What follows the last line's end is a line that is just being written.
        foreach (var line in log.Split('\n')[..^1])
        {
            if (!long.TryParse(line.Split(' ')[0], NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number != expected)
                return $"line {expected} of the writer's log reads `{line}`";
            expected++;
        }
        return expected > acknowledged ? null : $"the writer's log ends at {expected - 1}, and the guest had said that {acknowledged} is durable";
    }

    private static async Task CopyAsync(FaultLab lab, string copy, CancellationToken ct)
    {
        var targets = lab.AoeTools(FaultLab.Storage, "export");
        try
        {
            foreach (var target in targets) await target.StopAsync(ct);
            await ProgramRunner.RunAsync(["cp", "--sparse=always", lab.VolumePath, copy], null, ct);
        }
        finally
        {
            foreach (var target in targets) await target.ContinueAsync(CancellationToken.None);
        }
    }
}
