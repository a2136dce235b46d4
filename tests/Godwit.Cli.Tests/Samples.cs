using Godwit.Api;

namespace Godwit.Cli.Tests;

internal static class Samples
{
    public static readonly DateTimeOffset Noon = new(2026, 1, 2, 12, 0, 0, TimeSpan.Zero);

    public static DomainInfo Domain(string name = "vm1", DomainState state = DomainState.Running) => new()
    {
        Name = name,
        Uuid = new Guid("6f9619ff-8b86-d011-b42d-00c04fc964ff"),
        Host = "resource-1",
        Epoch = 7,
        State = state,
        MemoryMiB = 256,
        VirtualCpus = 1,
        CpuSeconds = 12.34,
        Engine = "qemu",
        Accelerator = "tcg",
        MachineType = "pc-q35-7.2",
        CpuModel = "qemu64",
    };

    public static MigrationInfo Migration(MigrationResult? result = null) => new()
    {
        Id = new Guid("0f8fad5b-d9cb-469f-a165-70867728950e"),
        Domain = "vm1",
        From = "resource-1",
        To = "resource-2",
        Step = result is null ? "pre-copy" : "confirm",
        Began = Noon,
        AgeSeconds = 60,
        Result = result,
    };

    public static readonly MigrationResult Completed = new()
    {
        Ending = "completed",
        Succeeded = true,
        Message = "vm1 runs on resource-2",
        TotalMilliseconds = 1620,
        DowntimeMilliseconds = 14.2,
        DowntimeParts = new DowntimeParts(0.3, 5.1, 4.2, 2.0, 1.9, 0.7),
        Rounds = 3,
        Bytes = 137_887_744,
    };

    public static MigrationResult Failed(string ending) => new()
    {
        Ending = ending,
        Succeeded = false,
        Message = $"the move ended in pre-copy on resource-1: {ending}; vm1 runs on resource-1",
        Remedy = "look at its log",
    };

    /// <summary>An event so many seconds after noon.</summary>
    public static MigrationEvent Event(double seconds, string step, int round = 0) =>
        new() { At = Noon.AddSeconds(seconds), Step = step, Round = round };
}
