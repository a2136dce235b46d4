using Godwit.Aoe.Control;
using Godwit.Aoe.Initiator;
using Godwit.Aoe.Tests.EndToEnd;
using Godwit.Aoe.Wire;
using Microsoft.Extensions.Logging.Abstractions;

namespace Godwit.Aoe.Tests.Relay;

/// <summary>
/// Many writes at a time to few sectors, over a wire that loses, doubles and holds up frames: no write that was replaced is ever seen
/// again, neither at once nor when all that was held up has come.
/// </summary>
public sealed class RelayTests : IDisposable
{
    private const int Sectors = 256, LongestWrite = 12, Writers = 8;
    private static readonly string s_tool = Path.Combine(AppContext.BaseDirectory, "godwit-aoe");
    private readonly TemporaryDirectory _directory = new();

    public RelayTests() => Assert.SkipUnless(VethPair.Possible, "needs root and ip");

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task With_our_target(int seed)
    {
        var (counted, retransmits) = await RunAsync(
            new RelayFaults(seed) { Drop = 10, Double = 50, Hold = 50 },
            [s_tool, "export", MakeDisk(), "--shelf", "0", "--slot", "0", "--interface", "st0"], writes: 250);
        Assert.True(counted is { Dropped: > 0, Doubled: > 0, HeldUp: > 0 } && retransmits > 0, $"{counted}, {retransmits}");
    }

    // Nothing is doubled here: a target that does not know tags executes the copy, and answers it, as if there were one more.
    [Theory]
    [InlineData(3)]
    [InlineData(4)]
    public async Task With_vblade(int seed)
    {
        Assert.SkipUnless(File.Exists("/usr/sbin/vblade"), "needs vblade");
        var (counted, retransmits) = await RunAsync(
            new RelayFaults(seed) { Drop = 5, Hold = 30 }, ["/usr/sbin/vblade", "0", "0", "st0", MakeDisk()], writes: 100);
        Assert.True(counted is { Dropped: > 0, HeldUp: > 0 } && retransmits > 0, $"{counted}, {retransmits}");
    }

    [Fact]
    public async Task With_our_target_over_two_cables()
    {
        var faults = new RelayFaults(5) { Drop = 10, Double = 50, Hold = 50 };
        using var one = new RelayedCable(faults);
        using var two = new RelayedCable(faults with { Seed = 6 }, beside: one);
        one.Start(s_tool, "export", MakeDisk(), "--shelf", "0", "--slot", "0", "--interface", "st0", "--interface", "st1");
        var status = await WriteAndJudgeAsync(faults, [one.Name, two.Name], writes: 250);
        Assert.Equal(2, status.Paths.Count);
        Assert.All(status.Paths, path => Assert.True(path is { State: not PathCondition.Foreign, Retransmits: > 0, Latency.Max: > 0 }, path.ToString()));
    }

    private string MakeDisk()
    {
        using var disk = File.Create(_directory.File("disk"));
        disk.SetLength(1 << 20);
        return disk.Name;
    }

    private static async Task<((int Dropped, int Doubled, int HeldUp) Counted, long Retransmits)> RunAsync(RelayFaults faults, string[] target, int writes)
    {
        using var cable = new RelayedCable(faults);
        cable.Start(target);
        var status = await WriteAndJudgeAsync(faults, [cable.Name], writes);
        return (cable.Relay.Counted, status.Retransmits);
    }

    private static async Task<AttachStatus> WriteAndJudgeAsync(RelayFaults faults, string[] interfaces, int writes)
    {
        await using var initiator = await AoeInitiator.ConnectAsync(
            [.. interfaces.Select(name => PacketLink.Open(name, AoeFilters.Answers(TargetBench.Address)))], TargetBench.Address,
            // Far longer than the relay holds a frame.
            new InitiatorOptions { FailAfter = TimeSpan.FromSeconds(60), CopyLifetime = TimeSpan.FromMilliseconds(600) },
            TimeProvider.System, NullLogger.Instance, Ct);
        var history = new WriteHistory(Sectors);
        await Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => Task.Run(
            () => WriteAsync(initiator, history, new Random(faults.Seed * 100 + writer), writes), Ct)));
        await ReadAllAsync(initiator, history);
        await Task.Delay(faults.LongestHold + faults.LongestHold, Ct);
        await ReadAllAsync(initiator, history);
        return initiator.Status();
    }

    private static async Task WriteAsync(AoeInitiator initiator, WriteHistory history, Random random, int writes)
    {
        for (var i = 0; i < writes; i++)
        {
            var count = random.Next(1, LongestWrite);
            var sector = random.Next(Sectors - count);
            var (number, data) = history.Begin(sector, count);
            await initiator.WriteAsync(sector * 512L, data);
            history.End(number);
            if (random.Next(2) == 0) sector = random.Next(Sectors - count);
            await ReadAsync(initiator, history, sector, count);
        }
    }

    private static async Task ReadAllAsync(AoeInitiator initiator, WriteHistory history)
    {
        for (var sector = 0; sector < Sectors; sector += 8) await ReadAsync(initiator, history, sector, 8);
    }

    private static async Task ReadAsync(AoeInitiator initiator, WriteHistory history, int sector, int count)
    {
        var began = history.Now;
        var data = new byte[count * 512];
        await initiator.ReadAsync(sector * 512L, data);
        Assert.Null(history.Judge(sector, data, began));
    }
}
