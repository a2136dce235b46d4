using System.Globalization;
using Godwit.Native.Processes;
using Godwit.Storage.Images;

namespace Godwit.Lab.Measure;

/// <summary>What a volume holds after its domain has been shut down.</summary>
/// <param name="FilesystemClean"><c>e2fsck -fn</c> found nothing.</param>
/// <param name="WritesLost">Lines that the guest reported as durable and that are not on the volume.</param>
/// <param name="Complaints">What e2fsck said when it found something.</param>
public sealed record VolumeCheck(bool FilesystemClean, long WritesLost, string Complaints)
{
    /// <summary>Reads the volume, and changes nothing on it. No guest may have it in use.</summary>
    public static async Task<VolumeCheck> RunAsync(string volume, WriterFigures reported, CancellationToken ct)
    {
        var check = await ProgramRunner.TryRunAsync(["e2fsck", "-f", "-n", volume], ct: ct).ConfigureAwait(false);
        var log = reported.Acknowledged == 0
            ? "" : await Ext4Files.ReadAsync(volume, LabGuest.WriterLog, ct).ConfigureAwait(false);
        return Of(check, log, reported);
    }

    /// <summary>What was read from a volume elsewhere.</summary>
    /// <param name="check">What <c>e2fsck -f -n</c> said.</param>
    /// <param name="log">The writer's file.</param>
    /// <param name="reported">What the writer said was in it.</param>
    public static VolumeCheck Of(ProgramResult check, string log, WriterFigures reported) =>
        new(check.ExitCode == 0, CountLost(log, reported), check.Succeeded ? "" : check.Output.Trim());

    /// <summary>Only whole lines, <c>NUMBER SECONDS.NANOSECONDS</c>, count as being there.</summary>
    internal static long CountLost(string log, WriterFigures reported)
    {
        if (reported.Acknowledged == 0) return 0;
        var there = new HashSet<long>();
        var from = 0;
        for (int end; (end = log.IndexOf('\n', from)) >= 0; from = end + 1)
        {
            var words = log[from..end].Split(' ');
            if (words.Length == 2 && long.TryParse(words[0], NumberStyles.None, CultureInfo.InvariantCulture, out var n)
                && decimal.TryParse(words[1], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out _))
                there.Add(n);
        }
        long lost = 0;
        for (var n = reported.First; n <= reported.Last; n++) lost += there.Contains(n) ? 0 : 1;
        return lost;
    }
}
