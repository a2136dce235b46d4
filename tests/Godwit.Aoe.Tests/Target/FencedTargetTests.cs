using Godwit.Aoe.Target;
using Godwit.Aoe.Wire;
using Godwit.Domains;

namespace Godwit.Aoe.Tests.Target;

/// <summary>What the fence does to frames.</summary>
public sealed class FencedTargetTests : IDisposable
{
    private static readonly MacAddress A = TargetBench.HostA, B = TargetBench.HostB;
    private readonly TemporaryDirectory _directory = new();
    private readonly TargetBench _bench;
    private readonly Fence _fence;
    private readonly int _a;
    private readonly int _b;

    public FencedTargetTests()
    {
        _fence = Fence.Load(_directory.File("fence"));
        _fence.Initialize(0);
        _a = _fence.Admit("a", [A]);
        _b = _fence.Admit("b", [B]);
        _fence.Take("a", 1, _a);
        _bench = new TargetBench(new MemoryMedium(64), _fence);
    }

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Readers_read_and_flush_but_do_not_write()
    {
        Assert.True(_bench.Ata(AtaCommand.WriteExt, 3, 1, TargetBench.Sectors(9), A, _a).Good);
        Assert.Equal(TargetBench.Sectors(9), _bench.Ata(AtaCommand.ReadExt, 3, 1, null, B, _b).Data);
        Assert.True(_bench.Ata(AtaCommand.FlushCache, from: B, session: _b).Good);
        Assert.True(_bench.Ata(AtaCommand.WriteExt, 3, 1, TargetBench.Sectors(1), B, _b).Aborted);
        Assert.Equal(9, _bench.Medium.Data[3 * 512]);
    }

    [Fact]
    public void The_superseded_are_refused_in_everything_but_identify()
    {
        _fence.Take("b", 2, _b);
        foreach (var command in new[] { AtaCommand.ReadExt, AtaCommand.Read, AtaCommand.WriteExt, AtaCommand.Write,
            AtaCommand.FlushCache, AtaCommand.FlushCacheExt, AtaCommand.SetFeatures })
            Assert.True(_bench.Ata(command, 0, 1, TargetBench.Sectors(1), A, _a, feature: AtaCommand.EnableWriteCache).Aborted, $"0x{command:x2}");
        var identity = Identify(A, _a);
        Assert.Equal((FenceStanding.None, 2L), (identity.Godwit!.Standing, identity.Godwit.Epoch));
        Assert.Equal(FenceStanding.Writer, Identify(B, _b).Godwit!.Standing);
    }

    [Fact]
    public void Address_and_session_count_together()
    {
        Assert.True(_bench.Ata(AtaCommand.WriteExt, 0, 1, TargetBench.Sectors(1), B, _a).Aborted);
        Assert.True(_bench.Ata(AtaCommand.WriteExt, 0, 1, TargetBench.Sectors(1), A, _b).Aborted);
        Assert.True(_bench.Ata(AtaCommand.WriteExt, 0, 1, TargetBench.Sectors(1), A, 0).Aborted);
        // A tag of the Linux driver, whose bits could look like a session.
        var frame = TargetBench.Request(AtaCommand.WriteExt, 0, 1, TargetBench.Sectors(1), A, _a);
        frame[20] &= 0x7F;
        var answer = Assert.Single(_bench.Send(frame));
        Assert.Equal(AtaStatus.Error, (byte)(answer[27] & AtaStatus.Error));
        Assert.Equal(0, _bench.Medium.Data[0]);
    }

    /// <summary>And the frames that came with those are judged by the new state.</summary>
    [Fact]
    public async Task A_fence_waits_for_one_slow_frame_and_not_for_all_that_came_with_it()
    {
        Assert.True(_bench.Ata(AtaCommand.WriteExt, 7, 1, TargetBench.Sectors(1), A, _a).Good);
        _bench.Medium.ReadTakes = TimeSpan.FromMilliseconds(300);
        for (uint i = 0; i < 50; i++) _bench.Queue(TargetBench.Request(AtaCommand.ReadExt, 0, 1, null, B, _b, i));
        _bench.Queue(TargetBench.Request(AtaCommand.WriteExt, 7, 1, TargetBench.Sectors(2), A, _a, 99));
        var step = Task.Run(_bench.Step, TestContext.Current.CancellationToken);
        await Task.Delay(300, TestContext.Current.CancellationToken);
        var began = System.Diagnostics.Stopwatch.GetTimestamp();
        await _bench.Target.RunAsync(() => _fence.Take("b", 2, _b));
        var took = System.Diagnostics.Stopwatch.GetElapsedTime(began);
        Assert.False(step.IsCompleted);
        Assert.True(took < TimeSpan.FromSeconds(6), $"{took}");
        _bench.Medium.ReadTakes = TimeSpan.Zero;
        Assert.Equal(51, (await step).Count);
        Assert.Equal(1, _bench.Medium.Data[7 * 512]);
    }

    /// <summary>Frames that the kernel holds already when the fence moves are judged by the new state.</summary>
    [Fact]
    public void No_write_that_was_queued_reaches_the_disk_after_the_fence_has_answered()
    {
        Assert.True(_bench.Ata(AtaCommand.SetFeatures, from: A, session: _a, feature: AtaCommand.EnableWriteCache).Good);
        Assert.True(_bench.Ata(AtaCommand.WriteExt, 0, 1, TargetBench.Sectors(1), A, _a, 2).Good);
        var moved = _bench.Target.RunAsync(() => _fence.Take("b", 2, _b));
        uint sequence = 100;
        do
        {
            // More than a step takes, so that some wait whenever the fence moves.
            for (var i = 0; i < 200; i++) _bench.Queue(TargetBench.Request(AtaCommand.WriteExt, i % 8, 1, TargetBench.Sectors(0xEE), A, _a, sequence++));
            _bench.Step();
        }
        while (!moved.IsCompleted);
        var image = (byte[])_bench.Medium.Data.Clone();
        while (_bench.Step().Count > 0) continue;
        Assert.Equal(image, _bench.Medium.Data);
        // And some were refused: the test would be idle if all had been executed before.
        Assert.True(_bench.Export.Status([]).Counters.Refused > 0);
    }

    [Fact]
    public void Nothing_can_be_changed_over_the_wire()
    {
        var before = File.ReadAllBytes(_directory.File("fence"));
        var frame = new byte[AoeHeader.Bytes + 100];
        AoeHeader.Request(new MacAddress(1), A, TargetBench.Address, AoeCommand.ReserveRelease, 1).Write(frame);
        var length = ReserveSection.Write(frame, ReserveCommand.ForceSet, [A]);
        AssertError(AoeError.TargetIsReserved, frame.AsSpan(0, length));
        AoeHeader.Request(new MacAddress(1), A, TargetBench.Address, AoeCommand.MacMaskList, 1).Write(frame);
        length = MaskSection.Write(frame, MaskCommand.Edit, MaskError.None, [new MaskDirective(MaskChange.Add, A)]);
        AssertError(AoeError.TargetIsReserved, frame.AsSpan(0, length));
        AoeHeader.Request(new MacAddress(1), A, TargetBench.Address, AoeCommand.QueryConfig, 1).Write(frame);
        var config = new ConfigSection { Command = ConfigCommand.ForceSet, String = "mine"u8 };
        config.Write(frame);
        AssertError(AoeError.TargetIsReserved, frame.AsSpan(0, config.FrameBytes));
        Assert.Equal(before, File.ReadAllBytes(_directory.File("fence")));
        Assert.True(_bench.Ata(AtaCommand.ReadExt, 0, 1, null, B, _b).Good);
    }

    [Fact]
    public void Without_a_state_nobody_is_served_and_the_status_says_why()
    {
        var bench = new TargetBench(new MemoryMedium(64), Fence.Load(_directory.File("lost")));
        Assert.True(bench.Ata(AtaCommand.WriteExt, 0, 1, TargetBench.Sectors(1), A, _a).Aborted);
        Assert.True(bench.Ata(AtaCommand.ReadExt, 0, 1, null, A, _a).Aborted);
        Assert.True(bench.Ata(AtaCommand.Identify, 0, 1).Good);
        var status = bench.Export.Status([]);
        Assert.False(status.ServesWrites);
        Assert.Contains("missing", status.Problem, StringComparison.Ordinal);
    }

    /// <summary>A write sent again under its tag is answered, but brings no old data back.</summary>
    [Fact]
    public void A_late_repetition_is_not_executed_again()
    {
        Assert.True(_bench.Ata(AtaCommand.SetFeatures, from: A, session: _a, sequence: 5, feature: AtaCommand.EnableWriteCache).Good);
        Assert.True(_bench.Ata(AtaCommand.WriteExt, 4, 1, TargetBench.Sectors(1), A, _a, 10).Good);
        Assert.True(_bench.Ata(AtaCommand.WriteExt, 4, 1, TargetBench.Sectors(2), A, _a, 11).Good);
        // The order to cache comes again too: it must not make the target forget.
        Assert.True(_bench.Ata(AtaCommand.SetFeatures, from: A, session: _a, sequence: 5, feature: AtaCommand.EnableWriteCache).Good);
        Assert.True(_bench.Ata(AtaCommand.WriteExt, 4, 1, TargetBench.Sectors(1), A, _a, 10).Good);
        Assert.Equal(2, _bench.Medium.Data[4 * 512]);
        Assert.Equal(1, _bench.Export.Status([]).Counters.Repeated);
    }

    private AtaIdentity Identify(MacAddress from, int session)
    {
        Assert.True(AtaIdentity.TryRead(_bench.Ata(AtaCommand.Identify, 0, 1, null, from, session).Data, out var identity));
        return identity;
    }

    private void AssertError(AoeError expected, ReadOnlySpan<byte> frame)
    {
        Assert.Equal(MalformedFrame.No, AoeHeader.TryRead(Assert.Single(_bench.Send(frame)), out var header));
        Assert.Equal(expected, header.Error);
    }
}
