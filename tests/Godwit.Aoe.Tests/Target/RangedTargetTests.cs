using System.Text;
using Godwit.Aoe.Control;
using Godwit.Aoe.Target;
using Godwit.Aoe.Wire;
using Godwit.Domains;

namespace Godwit.Aoe.Tests.Target;

/// <summary>What a fence by ranges does to frames: host a has sectors 8 to 15, host b 16 to 23, and nobody the rest.</summary>
public sealed class RangedTargetTests : IDisposable
{
    private static readonly MacAddress A = TargetBench.HostA, B = TargetBench.HostB;
    private static readonly SectorRange s_lock = new(0, 8, Rest: true), s_first = new(8, 8), s_second = new(16, 8);
    private readonly TemporaryDirectory _directory = new();
    private readonly TargetBench _bench;
    private readonly Fence _fence;
    private readonly int _a;
    private readonly int _b;

    public RangedTargetTests()
    {
        _fence = Fence.Load(StatePath);
        _fence.Initialize(0);
        _a = _fence.Admit("a", [A]);
        _b = _fence.Admit("b", [B], sessionless: true);
        _fence.Take("a", 1, _a, [s_first]);
        _fence.Take("b", 2, _b, [s_second]);
        _bench = new TargetBench(new MemoryMedium(64), _fence);
    }

    private string StatePath => _directory.File("fence");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Each_host_writes_its_own_and_reads_all()
    {
        Assert.True(_bench.Ata(AtaCommand.WriteExt, 8, 8, TargetBench.Sectors(1, 8), A, _a).Good);
        Assert.True(_bench.Ata(AtaCommand.Write, 16, 8, TargetBench.Sectors(2, 8), B).Good);
        Assert.Equal([.. TargetBench.Sectors(1), .. TargetBench.Sectors(2)], _bench.Ata(AtaCommand.ReadExt, 15, 2, null, A, _a).Data);
        foreach (var (first, count) in new[] { (7, 1), (7, 2), (15, 2), (16, 1), (24, 1), (63, 1) })
            Assert.True(_bench.Ata(AtaCommand.WriteExt, first, count, TargetBench.Sectors(9, count), A, _a).Aborted, $"{first}+{count}");
        Assert.True(_bench.Ata(AtaCommand.WriteExt, 8, 1, TargetBench.Sectors(9), A).Aborted);
        Assert.True(_bench.Ata(AtaCommand.WriteExt, 8, 1, TargetBench.Sectors(9), B).Aborted);
        Assert.True(_bench.Ata(AtaCommand.FlushCacheExt, from: A, session: _a).Good);
        Assert.Equal(-1, _bench.Medium.Data.AsSpan().IndexOf((byte)9));
        Assert.Equal(8, _bench.Export.Status([]).Counters.Refused);
    }

    [Fact]
    public void A_trim_that_touches_anothers_sectors_does_nothing()
    {
        Assert.True(_bench.Ata(AtaCommand.WriteExt, 8, 8, TargetBench.Sectors(1, 8), A, _a).Good);
        Assert.True(_bench.Ata(AtaCommand.DataSetManagement, 0, 1, Trim(new(8, 2), new(15, 2)), A, _a, feature: AtaCommand.Trim).Aborted);
        Assert.Equal(1, _bench.Medium.Data[8 * 512]);
        Assert.True(_bench.Ata(AtaCommand.DataSetManagement, 0, 1, Trim(new(8, 2), new(0, 0), new(14, 2)), A, _a, feature: AtaCommand.Trim).Good);
        Assert.Equal((0, 1, 0), (_bench.Medium.Data[8 * 512], _bench.Medium.Data[10 * 512], _bench.Medium.Data[15 * 512]));
    }

    [Fact]
    public void The_superseded_are_refused_there_and_served_elsewhere()
    {
        _fence.Take("a", 3, _a, [s_second]);
        Assert.True(_bench.Ata(AtaCommand.WriteExt, 8, 16, TargetBench.Sectors(3, 16), A, _a).Good);
        Assert.True(_bench.Ata(AtaCommand.WriteExt, 16, 1, TargetBench.Sectors(9), B).Aborted);
        Assert.True(_bench.Ata(AtaCommand.ReadExt, 15, 2, null, B).Aborted);
        Assert.True(_bench.Ata(AtaCommand.ReadExt, 15, 1, null, B).Good);
        _fence.Return("b", _b, [s_second]);
        Assert.True(_bench.Ata(AtaCommand.ReadExt, 16, 8, null, B).Good);
        _fence.Take("b", 4, _b, [s_lock]);
        Assert.True(_bench.Ata(AtaCommand.WriteExt, 24, 1, TargetBench.Sectors(4), B).Good);
        Assert.True(_bench.Ata(AtaCommand.WriteExt, 7, 1, TargetBench.Sectors(4), B).Good);
        Assert.True(_bench.Ata(AtaCommand.WriteExt, 7, 2, TargetBench.Sectors(9, 2), B).Aborted);
    }

    [Fact]
    public void No_write_that_was_queued_reaches_the_range_after_the_fence_has_answered()
    {
        var moved = _bench.Target.RunAsync(() => _fence.Take("b", 3, _b, [s_first]));
        uint sequence = 100;
        do
        {
            for (var i = 0; i < 200; i++) _bench.Queue(TargetBench.Request(AtaCommand.WriteExt, 8 + i % 8, 1, TargetBench.Sectors(0xEE), A, _a, sequence++));
            _bench.Step();
        }
        while (!moved.IsCompleted);
        var image = (byte[])_bench.Medium.Data.Clone();
        while (_bench.Step().Count > 0) continue;
        Assert.Equal(image, _bench.Medium.Data);
        Assert.True(_bench.Export.Status([]).Counters.Refused > 0);
    }

    [Fact]
    public void What_was_answered_is_there_after_a_restart()
    {
        _fence.Take("a", 5, _a, [s_lock, s_second]);
        var again = Fence.Load(StatePath);
        Assert.Null(again.Problem);
        Assert.Equal(
            [(s_lock, 5L, _a), (s_first, 1L, _a), (s_second, 5L, _a)],
            again.State!.Ranges.Select(range => (range.Sectors, range.Epoch, range.Writer)));
        Assert.False(again.Ranges!.MayRead(B, 0, 16, 1));
        Assert.True(again.Ranges.MayWrite(A, _a, 0, 64));
        Assert.Equal(new FenceAnswer(2, _a), again.Take("a", 5, _a, [s_second]));
        Assert.Equal(AoeControlCode.StaleEpoch, Assert.Throws<AoeControlException>(() => again.Take("b", 4, _b, [s_second])).Code);
        again.Release("a", _a);
        Assert.Null(Fence.Load(StatePath).State!.Ranges.FirstOrDefault(range => range.Writer != 0));
    }

    [Fact]
    public void What_cannot_be_saved_is_refused_and_not_in_force()
    {
        Directory.CreateDirectory(StatePath + ".new");
        Assert.Equal(AoeControlCode.StateNotSaved, Assert.Throws<AoeControlException>(() => _fence.Take("b", 3, _b, [s_first])).Code);
        Assert.True(_bench.Ata(AtaCommand.WriteExt, 8, 1, TargetBench.Sectors(1), A, _a).Good);
        Assert.True(_bench.Ata(AtaCommand.WriteExt, 8, 1, TargetBench.Sectors(9), B).Aborted);
    }

    /// <summary>As it was written before there were ranges; and with some that contradict the rest of it.</summary>
    [Theory]
    [InlineData("", true)]
    [InlineData(""", "ranges": []""", true)]
    [InlineData(""", "ranges": [{"start":0,"length":8,"rest":true,"epoch":2,"previousEpoch":0,"writer":2,"barred":[]}]""", true)]
    [InlineData(""", "ranges": [{"start":0,"length":8,"rest":true,"epoch":2,"previousEpoch":0,"writer":3,"barred":[]}]""", false)]
    [InlineData(""", "ranges": [{"start":0,"length":0,"rest":true,"epoch":2,"previousEpoch":0,"writer":0,"barred":[]}]""", false)]
    [InlineData(""", "ranges": [{"start":8,"length":8,"rest":false,"epoch":2,"previousEpoch":0,"writer":0,"barred":[]},{"start":0,"length":9,"rest":false,"epoch":2,"previousEpoch":0,"writer":0,"barred":[]}]""", false)]
    [InlineData(""", "ranges": [{"start":0,"length":8,"rest":true,"epoch":2,"previousEpoch":0,"writer":0,"barred":[]},{"start":8,"length":9,"rest":true,"epoch":2,"previousEpoch":0,"writer":0,"barred":[]}]""", false)]
    [InlineData(""", "ranges": [null]""", false)]
    public void A_state_is_read_or_said_to_be_damaged(string ranges, bool sound)
    {
        var state = $$"""{"epoch":4,"previousEpoch":3,"readers":[{"host":"b","session":2,"macs":["02:00:00:00:00:b0"],"sessionless":false}],"nextSession":3{{ranges}}}""";
        DurableRecord.Write(StatePath, "godwit-fence-1", Encoding.UTF8.GetBytes(state));
        var fence = Fence.Load(StatePath);
        Assert.Equal((sound, sound), (fence.State is not null, fence.Problem is null));
        if (sound)
            Assert.Equal(5, fence.Admit("a", [A]) + fence.State!.Readers[0].Session);
    }

    private static byte[] Trim(params TrimRange[] ranges)
    {
        var data = new byte[512];
        for (var i = 0; i < ranges.Length; i++) ranges[i].Write(data.AsSpan(i * TrimRange.Bytes));
        return data;
    }
}
