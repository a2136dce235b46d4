using Godwit.Aoe.Target;
using Godwit.Aoe.Wire;

namespace Godwit.Aoe.Tests.Target;

public sealed class TargetStartTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Starts_that_follow_one_another_never_have_the_same_mark()
    {
        var path = _directory.File("mark");
        var last = TargetStart.Next(path);
        for (var i = 0; i < 600; i++)
        {
            var next = TargetStart.Next(path);
            Assert.NotEqual(0, next.Mark);
            Assert.NotEqual((last.Mark, last.BootId), (next.Mark, next.BootId));
            Assert.NotEqual(last.Mark, next.Mark);
            Assert.Equal(last.MachineId, next.MachineId);
            last = next;
        }
    }

    [Theory]
    [InlineData("mark")]
    [InlineData("nowhere/mark")]
    public void A_mark_that_is_damaged_or_cannot_be_kept_does_not_keep_the_target_from_serving(string name)
    {
        File.WriteAllText(_directory.File("mark"), "nonsense");
        Assert.NotEqual(0, TargetStart.Next(_directory.File(name)).Mark);
    }

    [Fact]
    public void Frames_for_an_earlier_start_are_refused_and_do_nothing()
    {
        var fence = Fence.Load(_directory.File("fence"));
        fence.Initialize(0);
        var session = fence.Admit("a", [TargetBench.HostA]);
        fence.Take("a", 1, session);
        var machine = Guid.NewGuid();
        var bench = new TargetBench(new MemoryMedium(64), fence, start: new TargetStart(TargetBench.BootId, 5, machine));
        byte[] data = [.. Enumerable.Repeat((byte)7, 512)];
        foreach (var command in new[] { AtaCommand.ReadExt, AtaCommand.WriteExt, AtaCommand.FlushCache })
        {
            var refused = bench.Ata(command, 0, command == AtaCommand.FlushCache ? 0 : 1, command == AtaCommand.WriteExt ? data : null, TargetBench.HostA, session, feature: 4);
            Assert.False(refused.Good, $"0x{command:x2}");
            Assert.Equal(AtaStatus.Aborted | AtaStatus.StartedAnew, refused.Error);
        }
        Assert.Equal((0, 0), (bench.Medium.Data[0], bench.Medium.Syncs));
        // The mark of this start, and none at all, as from other initiators.
        foreach (var feature in new byte[] { 5, 0 })
            Assert.True(bench.Ata(AtaCommand.WriteExt, 0, 1, data, TargetBench.HostA, session, feature, feature).Good);
        Assert.Equal(7, bench.Medium.Durable[0]);

        var identify = bench.Ata(AtaCommand.Identify, from: TargetBench.HostA, session: session);
        Assert.True(AtaIdentity.TryRead(identify.Data, out var identity));
        Assert.Equal(new GodwitWords(FenceStanding.Writer, 1, TargetBench.BootId, 5, machine), identity.Godwit);
    }
}
