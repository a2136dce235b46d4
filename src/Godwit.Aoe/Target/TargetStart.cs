namespace Godwit.Aoe.Target;

/// <summary>What tells this start of a target from others, as its answer to IDENTIFY says it.</summary>
/// <param name="BootId">Drawn for this start.</param>
/// <param name="Mark">
/// 1 to 255, and another than that of the start before; 0 has none. A frame has no room for the whole boot id. Every frame
/// that reads or writes carries it, so that none that was meant for an earlier start is executed by a later one, which
/// may have lost what the initiator believes written.
/// </param>
/// <param name="MachineId">Of the machine's start: what was written outlives the target, but not the machine.</param>
public sealed record TargetStart(Guid BootId, byte Mark = 0, Guid MachineId = default)
{
    private const string Kind = "godwit-mark-1";

    /// <summary>The next start of the target whose last mark is in a file, which has this one's when this returns.</summary>
    public static TargetStart Next(string path)
    {
        var bootId = Guid.NewGuid();
        var machineId = ThisMachine();
        // Where the last one is lost or cannot be kept it is drawn, which differs from it nearly always: a disk of the
        // storage host that is full must not keep guests from theirs.
        var drawn = (byte)(1 + bootId.ToByteArray()[0] % byte.MaxValue);
        try
        {
            var mark = Last(path) is { } last ? (byte)(last % byte.MaxValue + 1) : drawn;
            DurableRecord.Write(path, Kind, [mark]);
            return new TargetStart(bootId, mark, machineId);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new TargetStart(bootId, drawn, machineId);
        }
    }

    /// <summary>
    /// A start of a target that keeps nothing. Its mark is the second's, and comes again after 255 of them: a machine that was away
    /// for less has another, and one that was away for longer has another boot id, which initiators look at as well.
    /// </summary>
    public static TargetStart ByTheClock(DateTimeOffset now) =>
        new(Guid.NewGuid(), (byte)(1 + now.ToUnixTimeSeconds() % byte.MaxValue), ThisMachine());

    private static Guid ThisMachine() => Guid.Parse(File.ReadAllText("/proc/sys/kernel/random/boot_id"));

    private static byte? Last(string path)
    {
        try
        {
            return DurableRecord.Read(path, Kind) is [var mark] ? mark : null;
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }
}
