using System.Text.Json;
using Godwit.Lab.Demo;

namespace Godwit.Lab.Tests.Demo;

public sealed class DemoVerdictTests
{
    private static readonly MigrationFigures Migration = new()
    {
        From = "resource-1",
        To = "resource-2",
        TotalMs = 800,
        DowntimeMs = 25,
        DowntimePartsMs = new()
        {
            Stop = 1,
            LastRound = 5,
            DeviceState = 10,
            Commit = 4,
            Fence = 3,
            Resume = 2,
        },
        Rounds = 3,
        Bytes = 100 << 20,
        LongestPingGapMs = 40,
        PingsLost = 0,
    };

    private static readonly DemoReport Good = new()
    {
        Migrations = [Migration, Migration],
        PowerPulled = new() { Host = "resource-1", LongestPingGapMs = 12, PingsLost = 0 },
        PingsSent = 4000,
        PingsLost = 0,
        WritesAcknowledged = 1500,
        WritesLost = 0,
        TcpUnbroken = true,
        RunningCopies = 1,
        FilesystemClean = true,
        Accelerator = "tcg",
        Image = "tiny",
    };

    public static TheoryData<string, DemoReport> OnePromiseBroken => new()
    {
        { "1 migrations instead of 2", Good with { Migrations = [Migration] } },
        { "migration 2 lost 4 pings, 3 are allowed", Good with { Migrations = [Migration, Migration with { PingsLost = 4 }] } },
        { "migration 1: the parts of the downtime are 2.1 ms off its length", Good with { Migrations = [Migration with { DowntimeMs = 27.1 }, Migration] } },
        { "migration 1: the parts of the downtime are 2.1 ms off its length", Good with { Migrations = [Migration with { DowntimeMs = 22.9 }, Migration] } },
        { "1500 ms of silence when resource-1 lost its power", Good with { PowerPulled = Good.PowerPulled with { LongestPingGapMs = 1500 } } },
        { "no ping was sent", Good with { PingsSent = 0 } },
        { "no ping was answered", Good with { PingsLost = 4000 } },
        { "the writer reported nothing", Good with { WritesAcknowledged = 0 } },
        { "1 writes lost", Good with { WritesLost = 1 } },
        { "the TCP connection broke", Good with { TcpUnbroken = false } },
        { "2 copies of the domain instead of 1", Good with { RunningCopies = 2 } },
        { "0 copies of the domain instead of 1", Good with { RunningCopies = 0 } },
        { "e2fsck found errors on the volume", Good with { FilesystemClean = false } },
    };

    [Fact]
    public void WhereAllHoldsNothingIsSaid()
    {
        Assert.Empty(DemoVerdict.Check(Good, 2));
        Assert.Contains("All of it held.", DemoText.Write(Good, []), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(OnePromiseBroken))]
    public void EachPromiseThatIsNotKeptIsNamed(string expected, DemoReport report) =>
        Assert.Equal(expected, Assert.Single(DemoVerdict.Check(report, 2)));

    [Fact]
    public void AFigureThatIsNoNumberIsNoPromiseKept()
    {
        var report = Good with { Migrations = [Migration with { DowntimeMs = double.NaN }, Migration] };
        Assert.NotEmpty(DemoVerdict.Check(report, 2));
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(9.9, 1)]
    [InlineData(10, 2)]
    [InlineData(45, 5)]
    public void AsManyPingsMayBeLostAsFallIntoTheDowntimeAndOne(double downtime, int allowed) =>
        Assert.Equal(allowed, DemoVerdict.LossesAllowed(Migration with { DowntimeMs = downtime }));

    [Fact]
    public void TheFileHasTheNamesThatProgramsReadItBy()
    {
        var json = JsonSerializer.SerializeToElement(Good, DemoJson.Default.DemoReport);
        Assert.Equal(
            ["migrations", "power_pulled", "pings_sent", "pings_lost", "writes_acknowledged", "writes_lost",
                "tcp_unbroken", "running_copies", "filesystem_clean", "accelerator", "image"],
            Names(json));
        Assert.Equal(
            ["from", "to", "total_ms", "downtime_ms", "downtime_parts_ms", "rounds", "bytes", "longest_ping_gap_ms",
                "pings_lost"],
            Names(json.GetProperty("migrations")[0]));
        Assert.Equal(["stop", "last_round", "device_state", "commit", "fence", "resume"],
            Names(json.GetProperty("migrations")[0].GetProperty("downtime_parts_ms")));
        Assert.Equal(["host", "longest_ping_gap_ms", "pings_lost"], Names(json.GetProperty("power_pulled")));
    }

    private static IEnumerable<string> Names(JsonElement element) => element.EnumerateObject().Select(p => p.Name);
}
